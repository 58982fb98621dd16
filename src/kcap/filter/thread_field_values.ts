import { callStackOf, type KcapFrame } from "../call_stack.ts";
import { baseName } from "../windows_path.ts";
import type { KcapEvent } from "../types.ts";
import {
  type FieldReader,
  numberReader,
  paramTextReader,
} from "./field_reader.ts";
import { accessReaders } from "./process_field_values.ts";
import { isMicrosoftLevel, isSignedLevel } from "./signature_level.ts";

/** What stands for a frame without a module. */
const UNBACKED = "unbacked";
/** What stands for a symbol: captures have none. */
const NO_SYMBOL = "?";

/** Values of the `thread.` fields. */
export const THREAD_VALUES: Readonly<Record<string, FieldReader>> = {
  "thread.prio": numberReader("base_prio"),
  "thread.io.prio": numberReader("io_prio"),
  "thread.page.prio": numberReader("page_prio"),
  "thread.kstack.base": paramTextReader("kstack"),
  "thread.kstack.limit": paramTextReader("kstack_limit"),
  "thread.ustack.base": paramTextReader("ustack"),
  "thread.ustack.limit": paramTextReader("ustack_limit"),
  "thread.start_address": paramTextReader("start_address"),
  "thread.teb_address": paramTextReader("teb"),
  "thread.start_address.symbol": onCreation("start_address_symbol"),
  "thread.start_address.module": onCreation("start_address_module"),
  "thread.pid": numberReader("pid"),
  ...accessReaders("thread", "OpenThread"),
  "thread.callstack.summary": ofStack((frames) => summary(frames)),
  "thread.callstack.kernel_summary": ofStack((frames) =>
    summary(frames.filter(({ isKernel }) => isKernel))
  ),
  "thread.callstack.detail": ofStack((frames) => frames.map(detail).join("|")),
  "thread.callstack.modules": ofStack((frames, index) =>
    index === "" ? frames.map(frameModule) : frameModule(frames[Number(index)])
  ),
  "thread.callstack.symbols": ofStack((frames, index) =>
    index === "" ? frames.map(frameSymbol) : frameSymbol(frames[Number(index)])
  ),
  "thread.callstack.addresses": ofStack((frames) =>
    frames.map(({ address }) => address.toString(16))
  ),
  "thread.callstack.protections": () => undefined,
  "thread.callstack.callsite_leading_assembly": () => undefined,
  "thread.callstack.callsite_trailing_assembly": () => undefined,
  "thread.callstack.allocation_sizes": () => undefined,
  "thread.callstack.is_unbacked": ofStack((frames) =>
    frames.some(({ isUnbacked }) => isUnbacked)
  ),
  "thread.callstack.final_user_module.name": ofStack((frames) => {
    const path = finalUserFrame(frames)?.module ?? "";
    return path === "" ? "" : baseName(path);
  }),
  "thread.callstack.final_user_module.path": ofStack((frames) =>
    finalUserFrame(frames)?.module ?? ""
  ),
  "thread.callstack.final_user_symbol.name": () => undefined,
  "thread.callstack.final_kernel_module.name": ofStack((frames) => {
    const path = finalKernelFrame(frames)?.module ?? "";
    return path === "" ? "" : baseName(path);
  }),
  "thread.callstack.final_kernel_module.path": ofStack((frames) =>
    finalKernelFrame(frames)?.module ?? ""
  ),
  "thread.callstack.final_kernel_symbol.name": () => undefined,
  "thread.callstack.final_user_module.signature.exists": (event) =>
    isSignedLevel(finalUserLevel(event)),
  "thread.callstack.final_user_module.signature.trusted": (event) =>
    isMicrosoftLevel(finalUserLevel(event)),
  "thread.callstack.final_user_module.signature.issuer": () => undefined,
  "thread.callstack.final_user_module.signature.subject": () => undefined,
};

function onCreation(param: string): FieldReader {
  const read = paramTextReader(param);
  return (event, argument) =>
    event.name === "CreateThread" ? read(event, argument) : undefined;
}

function ofStack(
  read: (
    frames: readonly KcapFrame[],
    argument: string,
  ) => ReturnType<FieldReader>,
): FieldReader {
  return (event, argument) => {
    const frames = callStackOf(event);
    return frames.length === 0 ? undefined : read(frames, argument);
  };
}

/** Names of the modules, each run of frames in one module once. */
function summary(frames: readonly KcapFrame[]): string {
  const names: string[] = [];
  for (const frame of frames) {
    const name = frame.module === "" ? UNBACKED : baseName(frame.module);
    if (names.at(-1) !== name) names.push(name);
  }
  return names.join("|");
}

function detail(frame: KcapFrame): string {
  const place = frame.module === ""
    ? UNBACKED
    : `${frame.module}+0x${frame.offset.toString(16)}`;
  return `0x${frame.address.toString(16)} ${place}`;
}

function frameModule(frame: KcapFrame | undefined): string {
  if (frame === undefined) return "";
  return frame.module === "" ? UNBACKED : frame.module;
}

function frameSymbol(frame: KcapFrame | undefined): string {
  if (frame === undefined) return "";
  const module = frame.module === "" ? UNBACKED : baseName(frame.module);
  return `${module}!${NO_SYMBOL}`;
}

function finalUserFrame(frames: readonly KcapFrame[]): KcapFrame | undefined {
  return frames.find(({ isKernel }) => !isKernel);
}

function finalKernelFrame(
  frames: readonly KcapFrame[],
): KcapFrame | undefined {
  return frames.find(({ isKernel }) => isKernel);
}

function finalUserLevel(event: KcapEvent): number | undefined {
  const path = finalUserFrame(callStackOf(event))?.module;
  if (path === undefined || path === "") return undefined;
  for (const module of event.process?.modules.values() ?? []) {
    if (module.path === path) return module.signatureLevel;
  }
  return undefined;
}

import { ancestorsOf } from "../ancestors.ts";
import { callStackOf, type KcapFrame } from "../call_stack.ts";
import { enumText } from "../param_text.ts";
import type {
  KcapEvent,
  KcapMapping,
  KcapModule,
  KcapPeSection,
  KcapProcess,
  KcapThread,
} from "../types.ts";
import { baseName } from "../windows_path.ts";
import type { FilterValue } from "./filter_value.ts";
import { isMicrosoftLevel, isSignedLevel } from "./signature_level.ts";

/** What `foreach` goes through behind one pseudo field. */
export interface ElementSource {
  /**
   * @param event The event.
   * @returns The elements.
   */
  elements(event: KcapEvent): readonly unknown[];
  /**
   * @param segment Name of an attribute.
   * @returns What reads it from an element of this source.
   */
  reader(segment: string): (element: unknown) => FilterValue;
}

function source<Element>(
  elements: (event: KcapEvent) => readonly Element[],
  segments: Readonly<Record<string, (element: Element) => FilterValue>>,
): ElementSource {
  return {
    elements,
    reader(segment) {
      const read = segments[segment] ?? (() => undefined);
      return (element) => read(element as Element);
    },
  };
}

/** Protection of views in short. */
const VIEW_MASKS: ReadonlyMap<number, string> = new Map([
  [0x10000, "R"],
  [0x20000, "X"],
  [0x30000, "RX"],
  [0x40000, "RW"],
  [0x50000, "WC"],
  [0x60000, "RWX"],
  [0x70000, "WXC"],
  [0x80000, "NC"],
  [0x90000, "WCB"],
]);

const ANCESTORS = source<KcapProcess>(
  ({ process }) => process === undefined ? [] : ancestorsOf(process),
  {
    name: ({ name }) => name,
    pid: ({ pid }) => pid,
    cmdline: ({ cmdline }) => cmdline,
    exe: ({ exe }) => exe,
    args: ({ args }) => args,
    cwd: ({ cwd }) => cwd,
    sid: ({ sid }) => sid,
    sessionid: ({ sessionId }) => sessionId,
    username: ({ username }) => username,
    domain: ({ domain }) => domain,
    "token.integrity_level": ({ integrityLevel }) => integrityLevel,
    "token.is_elevated": ({ isElevated }) => isElevated,
    "token.elevation_type": ({ elevationType }) => elevationType,
  },
);

const MODULES = source<KcapModule>(
  ({ process }) => [...process?.modules.values() ?? []],
  {
    path: ({ path }) => path,
    name: ({ path }) => baseName(path),
    address: ({ base }) => base.toString(16),
    size: ({ size }) => size,
    checksum: ({ checksum }) => checksum,
  },
);

const THREADS = source<KcapThread>(
  ({ process }) => [...process?.threads.values() ?? []],
  {
    tid: ({ tid }) => tid,
    "start_address": ({ startAddress }) => startAddress.toString(16),
    "user_stack_base": ({ userStackBase }) => userStackBase.toString(16),
    "user_stack_limit": ({ userStackLimit }) => userStackLimit.toString(16),
    "kernel_stack_base": ({ kernelStackBase }) => kernelStackBase.toString(16),
    "kernel_stack_limit": ({ kernelStackLimit }) =>
      kernelStackLimit.toString(16),
  },
);

const MAPPINGS = source<KcapMapping>(
  ({ process }) => [...process?.mappings.values() ?? []],
  {
    address: ({ base }) => base.toString(16),
    type: ({ sectionType }) => enumText("section_type", sectionType),
    size: ({ size }) => size,
    protection: ({ protection }) => VIEW_MASKS.get(protection) ?? "",
    path: ({ path }) => path,
  },
);

const SECTIONS = source<KcapPeSection>(
  ({ process }) => process?.pe?.sections ?? [],
  {
    name: ({ name }) => name,
    size: ({ size }) => size,
    entropy: ({ entropy }) => entropy,
    md5: ({ md5 }) => md5,
  },
);

interface FrameWithModule {
  readonly frame: KcapFrame;
  readonly signatureLevel: number | undefined;
}

const FRAMES = source<FrameWithModule>(
  (event) => {
    const levels = new Map<string, number>();
    for (const module of event.process?.modules.values() ?? []) {
      levels.set(module.path, module.signatureLevel);
    }
    return callStackOf(event).map((frame) => ({
      frame,
      signatureLevel: levels.get(frame.module),
    }));
  },
  {
    address: ({ frame }) => frame.address.toString(16),
    offset: ({ frame }) => frame.offset,
    module: ({ frame }) => frame.module,
    "is_unbacked": ({ frame }) => frame.isUnbacked,
    symbol: () => "",
    "module.signature.exists": ({ signatureLevel }) =>
      isSignedLevel(signatureLevel),
    "module.signature.trusted": ({ signatureLevel }) =>
      isMicrosoftLevel(signatureLevel),
    "module.signature.issuer": () => "",
    "module.signature.subject": () => "",
  },
);

/** Sources by pseudo field. */
export const ELEMENT_SOURCES: ReadonlyMap<string, ElementSource> = new Map([
  ["ps._ancestors", ANCESTORS],
  ["ps._modules", MODULES],
  ["ps._threads", THREADS],
  ["ps._mmaps", MAPPINGS],
  ["ps.pe._sections", SECTIONS],
  ["pe._sections", SECTIONS],
  ["thread._callstack", FRAMES],
]);

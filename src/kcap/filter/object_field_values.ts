import { numberParam, textParam, wideParam } from "../find_param.ts";
import { baseName, dirName, extension } from "../windows_path.ts";
import { statusText } from "../status_table.ts";
import type { KcapEvent } from "../types.ts";
import {
  boolReader,
  enumReader,
  type FieldReader,
  flagListReader,
  flagTextReader,
  ipReader,
  listReader,
  numberReader,
  paramTextReader,
} from "./field_reader.ts";
import { isMicrosoftLevel, isSignedLevel } from "./signature_level.ts";

/** Value of `create_disposition` for a new file. */
const DISPOSITION_CREATE = 2;
/** Values of `class` in file information. */
const CLASS_DISPOSITION = 13;
const CLASS_ALLOCATION = 19;
const CLASS_EOF = 20;

/** With `module.` and with `dll.`. */
const LIBRARY: Readonly<Record<string, FieldReader>> = {
  path: paramTextReader("file_path"),
  "path.stem": ofPath(stem),
  name: (event) => baseName(textParam(event, "file_path") ?? ""),
  base: paramTextReader("base_address"),
  size: (event) => wideParam(event, "module_size"),
  pid: numberReader("pid"),
  "signature.type": enumReader("signature_type"),
  "signature.level": enumReader("signature_level"),
  "signature.subject": paramTextReader("cert_subject"),
  "signature.issuer": paramTextReader("cert_issuer"),
  "signature.serial": paramTextReader("cert_serial"),
  // The language has no operator for times.
  "signature.after": () => undefined,
  "signature.before": () => undefined,
  "signature.exists": (event) =>
    isSignedLevel(numberParam(event, "signature_level")),
  "signature.trusted": (event) =>
    isMicrosoftLevel(numberParam(event, "signature_level")),
  "pe.is_dotnet": () => false,
};

/** Values of the `module.` fields. */
export const MODULE_VALUES: Readonly<Record<string, FieldReader>> = {
  ...prefixed("module.", LIBRARY),
  "module.default_address": paramTextReader("default_address"),
  "module.checksum": numberReader("checksum"),
  "module.is_dll": hasExtension(".dll"),
  "module.is_driver": hasExtension(".sys"),
  "module.is_exec": hasExtension(".exe"),
};

/** Values of the `dll.` fields. */
export const DLL_VALUES: Readonly<Record<string, FieldReader>> = prefixed(
  "dll.",
  LIBRARY,
);

/** Values of the `file.` fields. */
export const FILE_VALUES: Readonly<Record<string, FieldReader>> = {
  "file.path": paramTextReader("file_path"),
  "file.path.stem": ofPath(stem),
  "file.name": (event) => baseName(textParam(event, "file_path") ?? ""),
  "file.extension": ofPath(extension),
  "file.offset": (event) => wideParam(event, "offset"),
  "file.view.size": (event) => wideParam(event, "view_size"),
  "file.io.size": numberReader("io_size"),
  "file.share_mode": flagTextReader("share_mask"),
  "file.operation": enumReader("create_disposition"),
  "file.type": enumReader("type"),
  "file.info_class": enumReader("class"),
  "file.view.type": enumReader("section_type"),
  "file.attributes": flagListReader("attributes"),
  "file.object": (event) => wideParam(event, "file_object"),
  "file.key": (event) => wideParam(event, "file_key"),
  "file.status": (event) =>
    event.name === "CreateFile"
      ? paramTextReader("status")(event, "")
      : undefined,
  "file.view.base": paramTextReader("view_base"),
  "file.view.protection": flagTextReader("protection"),
  "file.is_dll": isCreatedWith(".dll"),
  "file.is_driver": isCreatedWith(".sys"),
  "file.is_exec": isCreatedWith(".exe"),
  "file.pid": numberReader("pid"),
  "file.info.allocation_size": ofInformation(CLASS_ALLOCATION),
  "file.info.eof_size": ofInformation(CLASS_EOF),
  "file.info.is_disposition_delete_file": (event) =>
    numberParam(event, "class") === CLASS_DISPOSITION &&
    (wideParam(event, "extra_info") ?? 0n) > 0n,
};

/** Values of the `pe.` fields that are no aliases: parameters of 2.x captures. */
export const PE_VALUES: Readonly<Record<string, FieldReader>> = {
  "pe.is_dll": boolReader("is_dll"),
  "pe.is_driver": boolReader("is_driver"),
  "pe.is_exec": boolReader("is_exec"),
};

/** Values of the `registry.` fields. */
export const REGISTRY_VALUES: Readonly<Record<string, FieldReader>> = {
  "registry.path": paramTextReader("key_path"),
  "registry.key.name": (event) => {
    const path = textParam(event, "key_path");
    if (path === undefined) return undefined;
    return baseName(event.name === "RegSetValue" ? dirName(path) : path);
  },
  "registry.value": (event) => {
    const path = textParam(event, "key_path");
    return event.name === "RegSetValue" && path !== undefined
      ? baseName(path)
      : undefined;
  },
  "registry.kcb": paramTextReader("kcb"),
  "registry.value.type": enumReader("value_type"),
  "registry.data": paramTextReader("data"),
  "registry.status": paramTextReader("status"),
};

/** Values of the `net.` fields. */
export const NET_VALUES: Readonly<Record<string, FieldReader>> = {
  "net.dip": ipReader("dip"),
  "net.sip": ipReader("sip"),
  "net.dport": numberReader("dport"),
  "net.sport": numberReader("sport"),
  "net.dport.name": paramTextReader("dport_name"),
  "net.sport.name": paramTextReader("sport_name"),
  "net.l4.proto": enumReader("l4_proto"),
  "net.size": numberReader("size"),
  "net.dip.names": listReader("dip_names"),
  "net.sip.names": listReader("sip_names"),
};

/** Values of the `handle.` fields. */
export const HANDLE_VALUES: Readonly<Record<string, FieldReader>> = {
  "handle.id": numberReader("handle_id"),
  "handle.object": (event) => wideParam(event, "handle_object"),
  "handle.name": paramTextReader("handle_name"),
  "handle.type": paramTextReader("type_id"),
};

/** Values of the `mem.` fields. */
export const MEMORY_VALUES: Readonly<Record<string, FieldReader>> = {
  "mem.address": (event) => wideParam(event, "base_address"),
  "mem.size": (event) => wideParam(event, "region_size"),
  "mem.alloc": flagTextReader("alloc_type"),
  "mem.type": enumReader("page_type"),
  "mem.protection": flagTextReader("protection"),
  "mem.protection.mask": paramTextReader("protection_mask"),
};

/** Values of the `dns.` fields. */
export const DNS_VALUES: Readonly<Record<string, FieldReader>> = {
  "dns.name": paramTextReader("name"),
  "dns.rr": enumReader("rr"),
  "dns.options": flagListReader("options"),
  "dns.rcode": enumReader("rcode"),
  "dns.answers": listReader("answers"),
};

/** Values of the `threadpool.` fields. */
export const THREADPOOL_VALUES: Readonly<Record<string, FieldReader>> = {
  "threadpool.id": paramTextReader("pool_id"),
  "threadpool.task.id": paramTextReader("task_id"),
  "threadpool.callback.address": paramTextReader("callback"),
  "threadpool.callback.context": paramTextReader("context"),
  "threadpool.callback.context.rip": paramTextReader("context_rip"),
  "threadpool.subprocess_tag": paramTextReader("subprocess_tag"),
  "threadpool.timer.subqueue": paramTextReader("subqueue"),
  "threadpool.timer.address": paramTextReader("timer"),
  "threadpool.callback.symbol": paramTextReader("callback_symbol"),
  "threadpool.callback.module": paramTextReader("callback_module"),
  "threadpool.callback.context.rip.symbol": paramTextReader(
    "context_rip_symbol",
  ),
  "threadpool.callback.context.rip.module": paramTextReader(
    "context_rip_module",
  ),
  "threadpool.timer.duetime": (event) => wideParam(event, "duetime"),
  "threadpool.timer.period": numberReader("period"),
  "threadpool.timer.window": numberReader("window"),
  "threadpool.timer.is_absolute": boolReader("absolute"),
};

function prefixed(
  prefix: string,
  readers: Readonly<Record<string, FieldReader>>,
): Record<string, FieldReader> {
  return Object.fromEntries(
    Object.entries(readers).map(([name, read]) => [prefix + name, read]),
  );
}

function ofPath(derive: (path: string) => string): FieldReader {
  return (event) => {
    const path = textParam(event, "file_path");
    return path === undefined ? undefined : derive(path);
  };
}

/** Up to the last dot of the whole text. */
function stem(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}

/** Captures hold no file contents: the name has to do. */
function hasExtension(ending: string): FieldReader {
  return (event) =>
    (textParam(event, "file_path") ?? "").toLowerCase().endsWith(ending);
}

function isCreatedWith(ending: string): FieldReader {
  const hasEnding = hasExtension(ending);
  return (event, argument) =>
    event.name === "CreateFile" && isNewFile(event) &&
    hasEnding(event, argument);
}

function isNewFile(event: KcapEvent): boolean {
  if (numberParam(event, "create_disposition") !== DISPOSITION_CREATE) {
    return false;
  }
  const status = numberParam(event, "status");
  const text = status === undefined
    ? textParam(event, "status")
    : statusText(status);
  return text?.toLowerCase() === "success";
}

function ofInformation(informationClass: number): FieldReader {
  return (event) =>
    numberParam(event, "class") === informationClass
      ? wideParam(event, "extra_info")
      : undefined;
}

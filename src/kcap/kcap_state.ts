import { type Limits, resolveLimits } from "../base/limits.ts";
import { splitCommandLine } from "./command_line.ts";
import type { StateEffect } from "./event_type_table.ts";
import type { DecodedEvent } from "./event_decoder.ts";
import { findParam, numberParam, textParam, wideParam } from "./find_param.ts";
import { enumText, paramText } from "./param_text.ts";
import type {
  KcapEvent,
  KcapHandle,
  KcapOpenHandle,
  KcapProcess,
} from "./types.ts";
import { type LiveProcess, makeProcess } from "./_live_process.ts";
import { baseName } from "./windows_path.ts";

const UNKNOWN_PID = 0xffffffff;
const SYSTEM_PID = 4;

/** Bits of the `flags` parameter of process events. */
const FLAG_WOW64 = 2;
const FLAG_PROTECTED = 4;
const FLAG_PACKAGED = 8;

/** How a {@linkcode KcapState} is kept. */
export interface KcapStateOptions {
  /** Uses `maxTableEntries`, for processes, handles, and all that processes have. */
  readonly limits?: Partial<Limits> | undefined;
  /** Whether open handles are followed, which costs as much as all processes. @default {true} */
  readonly tracksHandles?: boolean | undefined;
}

/**
 * What is running and what is open at some point of a capture, rebuilt from
 * the handle snapshot and from every event since.
 *
 * @example Following a capture by hand
 * ```ts ignore
 * const state = new KcapState();
 * state.addHandles(decoder.handles);
 * for (const event of events) state.apply(event);
 * console.log(state.processes.get(4)?.name);
 * ```
 */
export class KcapState {
  readonly #limit: number;
  readonly #tracksHandles: boolean;
  readonly #processes = new Map<number, LiveProcess>();
  /** Living processes by the parent they name, so that none has to be searched. */
  readonly #children = new Map<number, Set<LiveProcess>>();
  readonly #handles = new Map<bigint, KcapOpenHandle>();
  /** Threads, modules and mappings of all processes. */
  #parts = 0;

  /** @param options Limits. */
  constructor(options: KcapStateOptions = {}) {
    this.#limit = resolveLimits(options.limits).maxTableEntries;
    this.#tracksHandles = options.tracksHandles ?? true;
  }

  /** Living processes by id. */
  get processes(): ReadonlyMap<number, KcapProcess> {
    return this.#processes;
  }

  /** Open kernel objects by address; of several handles to one object the last. */
  get handles(): ReadonlyMap<bigint, KcapOpenHandle> {
    return this.#handles;
  }

  /** @param handles The snapshot at the start of the capture. */
  addHandles(handles: readonly KcapHandle[]): void {
    if (!this.#tracksHandles) return;
    for (const handle of handles) this.#setHandle(handle);
  }

  /**
   * Takes an event into account and finds the process that it belongs to.
   *
   * @param event The event; its `process` is set.
   * @returns Why its effect could not be determined, `undefined` when all is well.
   */
  apply(event: DecodedEvent): string | undefined {
    const effect = event.eventType.known?.effect;
    // The process of an event that ends it is known only before.
    const before = effect === "terminateProcess"
      ? this.#processes.get(event.pid)
      : undefined;
    const warning = effect === undefined
      ? undefined
      : this.#applyEffect(effect, event);
    const { embedded } = event;
    event.process = embedded === undefined
      ? this.#processes.get(event.pid) ?? before
      : makeProcess(embedded, this.#processes.get(embedded.ppid));
    return warning;
  }

  #applyEffect(effect: StateEffect, event: DecodedEvent): string | undefined {
    switch (effect) {
      case "rundownProcess":
      case "createProcess":
        return this.#addProcess(effect, event);
      case "terminateProcess":
        return this.#removeProcess(event);
      case "describeProcess": {
        const known = this.#processOf(event);
        if (known !== undefined) fillToken(known, event);
        return undefined;
      }
      case "addThread":
        return this.#addThread(event);
      case "removeThread": {
        const tid = numberParam(event, "tid");
        return this.#removePart(event, "threads", tid);
      }
      case "rundownModule":
      case "addModule":
        return this.#addModule(effect, event);
      case "removeModule": {
        const base = wideParam(event, "base_address");
        return this.#removePart(event, "modules", base);
      }
      case "addMapping":
        return this.#addMapping(event);
      case "removeMapping": {
        const base = wideParam(event, "view_base");
        return this.#removePart(event, "mappings", base);
      }
      case "openHandle":
        return this.#openHandle(event);
      case "closeHandle": {
        if (!this.#tracksHandles) return undefined;
        const object = wideParam(event, "handle_object");
        if (object === undefined) return missing(event, "handle_object");
        this.#handles.delete(object);
        return undefined;
      }
    }
  }

  #addProcess(
    effect: "rundownProcess" | "createProcess",
    event: KcapEvent,
  ): string | undefined {
    const { embedded } = event;
    const isRundown = effect === "rundownProcess";
    // A process that is its own parent is Idle, or one that old writers could
    // not look into.
    if (embedded !== undefined && embedded.pid === embedded.ppid) {
      return undefined;
    }
    if (embedded === undefined && isRundown) {
      return `${event.name} at byte ${event.offset} has no process state`;
    }
    const pid = numberParam(event, "pid");
    if (pid === undefined) return missing(event, "pid");
    const ppid = numberParam(event, "ppid");
    if (ppid === undefined) return missing(event, "ppid");
    if (isRundown && pid === UNKNOWN_PID) return undefined;
    const replaced = this.#processes.get(pid);
    if (replaced === undefined && this.#processes.size >= this.#limit) {
      return `more than ${this.#limit} processes`;
    }
    const parent = this.#processes.get(ppid);
    const process = isRundown
      ? makeProcess(embedded!, parent)
      : makeProcess(factsOf(event, pid, ppid), parent);
    fillToken(process, event);
    if (replaced !== undefined) this.#forget(replaced);
    this.#processes.set(pid, process);
    let siblings = this.#children.get(ppid);
    if (siblings === undefined) {
      this.#children.set(ppid, siblings = new Set());
    }
    siblings.add(process);
    return undefined;
  }

  #removeProcess(event: KcapEvent): string | undefined {
    const pid = numberParam(event, "pid");
    if (pid === undefined) return missing(event, "pid");
    const process = this.#processes.get(pid);
    this.#processes.delete(pid);
    if (process !== undefined) this.#forget(process);
    for (const child of this.#children.get(pid) ?? []) {
      child.parent = undefined;
    }
    return undefined;
  }

  #forget(process: LiveProcess): void {
    const { threads, modules, mappings, ppid } = process;
    this.#parts -= threads.size + modules.size + mappings.size;
    const siblings = this.#children.get(ppid);
    if (siblings === undefined) return;
    siblings.delete(process);
    if (siblings.size === 0) this.#children.delete(ppid);
  }

  #addThread(event: KcapEvent): string | undefined {
    const process = this.#processOf(event);
    const tid = numberParam(event, "tid");
    if (tid === undefined) return missing(event, "tid");
    if (process === undefined) return missingPid(event);
    if (this.#isFull(process.threads.has(tid))) return this.#full();
    process.threads.set(tid, {
      tid,
      startAddress: wideParam(event, "start_address") ?? 0n,
      userStackBase: wideParam(event, "ustack") ?? 0n,
      userStackLimit: wideParam(event, "ustack_limit") ?? 0n,
      kernelStackBase: wideParam(event, "kstack") ?? 0n,
      kernelStackLimit: wideParam(event, "kstack_limit") ?? 0n,
      basePriority: numberParam(event, "base_prio") ?? 0,
      ioPriority: numberParam(event, "io_prio") ?? 0,
      pagePriority: numberParam(event, "page_prio") ?? 0,
    });
    return undefined;
  }

  #addModule(
    effect: "rundownModule" | "addModule",
    event: KcapEvent,
  ): string | undefined {
    const pid = numberParam(event, "pid");
    // Modules of the kernel are listed under no process.
    const owner = effect === "rundownModule" && pid === 0 ? SYSTEM_PID : pid;
    const process = owner === undefined
      ? undefined
      : this.#processes.get(owner);
    if (process === undefined) return missingPid(event);
    const base = wideParam(event, "base_address");
    if (base === undefined) return missing(event, "base_address");
    if (process.modules.has(base)) return undefined;
    if (this.#isFull(false)) return this.#full();
    const path = textParam(event, "file_path") ?? "";
    process.modules.set(base, {
      path,
      size: wideParam(event, "module_size") ?? 0n,
      checksum: numberParam(event, "checksum") ?? 0,
      timestamp: numberParam(event, "timedate_stamp") ?? 0,
      base,
      defaultBase: wideParam(event, "default_address") ?? 0n,
      signatureLevel: numberParam(event, "signature_level") ?? 0,
      signatureType: numberParam(event, "signature_type") ?? 0,
    });
    if (path.length > process.exe.length && isFileOf(path, process.name)) {
      process.exe = path;
    }
    return undefined;
  }

  #addMapping(event: KcapEvent): string | undefined {
    const process = this.#processOf(event);
    if (process === undefined) return missingPid(event);
    const base = wideParam(event, "view_base");
    if (base === undefined) return missing(event, "view_base");
    if (this.#isFull(process.mappings.has(base))) return this.#full();
    process.mappings.set(base, {
      base,
      size: wideParam(event, "view_size") ?? 0n,
      protection: numberParam(event, "protection") ?? 0,
      sectionType: numberParam(event, "section_type") ?? 0,
      path: textParam(event, "file_path") ?? "",
    });
    return undefined;
  }

  #openHandle(event: KcapEvent): string | undefined {
    if (!this.#tracksHandles) return undefined;
    const object = wideParam(event, "handle_object");
    if (object === undefined) return missing(event, "handle_object");
    this.#setHandle({
      object,
      kind: textParam(event, "type_id") ?? "",
      name: textParam(event, "handle_name") ?? "",
      id: wideParam(event, "handle_id") ?? 0n,
      pid: event.pid,
      meta: undefined,
    });
    return undefined;
  }

  #setHandle(handle: KcapOpenHandle): void {
    if (
      this.#handles.size < this.#limit || this.#handles.has(handle.object)
    ) this.#handles.set(handle.object, handle);
  }

  #removePart(
    event: KcapEvent,
    part: "threads" | "modules" | "mappings",
    key: number | bigint | undefined,
  ): string | undefined {
    const process = this.#processOf(event);
    const parts = process?.[part] as Map<unknown, unknown> | undefined;
    if (parts?.delete(key)) this.#parts--;
    return process === undefined ? missingPid(event) : undefined;
  }

  #processOf(event: KcapEvent): LiveProcess | undefined {
    return this.#processes.get(numberParam(event, "pid") ?? event.pid);
  }

  /** Counts one more thread, module or mapping. */
  #isFull(isReplaced: boolean): boolean {
    if (isReplaced) return false;
    if (this.#parts >= this.#limit) return true;
    this.#parts++;
    return false;
  }

  #full(): string {
    return `more than ${this.#limit} threads, modules and mappings`;
  }
}

/** Whether a path leads to a file of that name, whatever the case. */
function isFileOf(path: string, name: string): boolean {
  const at = path.length - name.length;
  // Nearly all modules are told apart by this.
  if (at < 0 || (at > 0 && path[at - 1] !== "\\" && path[at - 1] !== "/")) {
    return false;
  }
  return baseName(path).toLowerCase() === name.toLowerCase();
}

function missing(event: KcapEvent, param: string): string {
  return `${event.name} at byte ${event.offset} has no parameter ${param}`;
}

/** A process that is not known is no fault; an event that does not name it is. */
function missingPid(event: KcapEvent): string | undefined {
  return findParam(event, "pid") === undefined
    ? missing(event, "pid")
    : undefined;
}

/** State of a new process: from the parameters, and what only the embedded state has. */
function factsOf(
  event: KcapEvent,
  pid: number,
  ppid: number,
): Parameters<typeof makeProcess>[0] {
  const flags = numberParam(event, "flags") ?? 0;
  const cmdline = textParam(event, "cmdline") ?? "";
  const sid = findParam(event, "sid");
  // Fibratus 1.x embeds the state of the creator here.
  const own = event.embedded?.pid === pid ? event.embedded : undefined;
  return {
    pid,
    ppid,
    name: textParam(event, "name"),
    cmdline,
    exe: textParam(event, "exe"),
    sid: sid === undefined ? undefined : paramText(sid, event),
    args: splitCommandLine(cmdline),
    sessionId: numberParam(event, "session_id"),
    startTime: textParam(event, "start_time") ?? own?.startTime,
    username: textParam(event, "username"),
    domain: textParam(event, "domain"),
    isWow64: (flags & FLAG_WOW64) !== 0,
    isProtected: (flags & FLAG_PROTECTED) !== 0,
    isPackaged: (flags & FLAG_PACKAGED) !== 0,
    cwd: own?.cwd,
    envs: own?.envs,
    handles: own?.handles,
    pe: own?.pe,
    uuid: own?.uuid,
  };
}

function fillToken(process: LiveProcess, event: KcapEvent): void {
  const level = findParam(event, "token_integrity_level");
  if (level !== undefined) process.integrityLevel = paramText(level, event);
  const type = findParam(event, "token_elevation_type");
  if (type !== undefined) {
    process.elevationType = typeof type.value === "number"
      ? enumText("token_elevation_type", type.value)
      : paramText(type, event);
  }
  const isElevated = findParam(event, "token_is_elevated")?.value;
  if (typeof isElevated === "boolean") process.isElevated = isElevated;
}

import { moduleName } from "./method_name.ts";

/** A module file; its name is what counts at the end of the trace. */
interface ModuleFile {
  path: string | undefined;
}

/** A module id while it is loaded. */
interface ModuleInstance {
  readonly file: ModuleFile;
  unloadTime: number;
}

/**
 * Names modules as TraceEvent does. A module that an event names before any
 * method of it is used gets its name in lower case; one that a method mentions
 * first keeps its case.
 */
export class TraceEventModules {
  readonly #instances = new Map<bigint, ModuleInstance>();
  /** Files by path in lower case. */
  readonly #files = new Map<string, ModuleFile>();

  /**
   * A method of a module is used.
   *
   * @param moduleId The module.
   * @param time Ticks since the sync tick.
   * @returns What {@linkcode TraceEventModules.nameOf} takes.
   */
  use(moduleId: bigint, time: number): object {
    return this.#find(moduleId, time)?.file ??
      this.#create(moduleId, { path: undefined }).file;
  }

  /**
   * An event describes a module.
   *
   * @param moduleId The module.
   * @param time Ticks since the sync tick.
   * @param ilPath Path of the IL image.
   * @param nativePath Path of the precompiled image.
   * @param isUnload Whether it is unloaded.
   */
  describe(
    moduleId: bigint,
    time: number,
    ilPath: string,
    nativePath: string,
    isUnload: boolean,
  ): void {
    const path = ilPath === nativePath ? withoutNi(ilPath) : ilPath;
    const instance = this.#find(moduleId, time) ??
      this.#create(moduleId, this.#fileOf(path));
    if (instance.file.path === undefined) {
      instance.file.path = path;
      this.#files.set(path.toLowerCase(), instance.file);
    }
    if (isUnload) instance.unloadTime = time;
  }

  /** @param file What {@linkcode TraceEventModules.use} gave. @returns Name of the module. */
  nameOf(file: object): string {
    return moduleName((file as ModuleFile).path ?? "ManagedModule");
  }

  #find(moduleId: bigint, time: number): ModuleInstance | undefined {
    const instance = this.#instances.get(moduleId);
    return instance !== undefined && time < instance.unloadTime
      ? instance
      : undefined;
  }

  #create(moduleId: bigint, file: ModuleFile): ModuleInstance {
    const instance = { file, unloadTime: Infinity };
    this.#instances.set(moduleId, instance);
    return instance;
  }

  #fileOf(path: string): ModuleFile {
    const key = path.toLowerCase();
    let file = this.#files.get(key);
    if (file === undefined) this.#files.set(key, file = { path: key });
    return file;
  }
}

/** `x.ni.dll` of a precompiled image stands for `x.dll`. */
function withoutNi(path: string): string {
  const at = path.toLowerCase().lastIndexOf(".ni.");
  return at >= 0 && at > path.length - 9
    ? path.slice(0, at) + path.slice(at + 3)
    : path;
}

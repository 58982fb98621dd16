import type { FastReader } from "./_fast_reader.ts";
import type { HeapInterop } from "./types.ts";

const WRAPPER_BYTES = 32;
const INTERFACE_BYTES = 33;
const MODULE_BYTES = 20;

/**
 * Reads the fields of what is known about COM objects.
 *
 * @param fast Where to read.
 * @returns The facts.
 * @throws {FormatError} When they are damaged.
 */
export function readInterop(fast: FastReader): HeapInterop {
  const { numbers } = fast;
  if (numbers.i32() === 0) {
    return {
      runtimeCallable: [],
      comCallable: [],
      interfaces: [],
      modules: [],
    };
  }
  const runtimeCallable = fast.count("COM objects", WRAPPER_BYTES);
  const comCallable = fast.count("COM wrappers", WRAPPER_BYTES);
  const interfaces = fast.count("COM interfaces", INTERFACE_BYTES);
  const modules = fast.count("native modules", MODULE_BYTES);
  return {
    runtimeCallable: Array.from({ length: runtimeCallable }, () => ({
      node: numbers.i32(),
      refCount: numbers.i32(),
      unknownAddress: numbers.u64(),
      jupiterAddress: numbers.u64(),
      virtualTableAddress: numbers.u64(),
      firstInterface: numbers.i32(),
      interfaceCount: numbers.i32(),
    })),
    comCallable: Array.from({ length: comCallable }, () => ({
      node: numbers.i32(),
      refCount: numbers.i32(),
      unknownAddress: numbers.u64(),
      handleAddress: numbers.u64(),
      firstInterface: numbers.i32(),
      interfaceCount: numbers.i32(),
    })),
    interfaces: Array.from({ length: interfaces }, () => ({
      isRuntimeCallable: numbers.u8() === 1,
      owner: numbers.i32(),
      type: numbers.i32(),
      address: numbers.u64(),
      virtualTableAddress: numbers.u64(),
      firstFunctionAddress: numbers.u64(),
    })),
    modules: Array.from({ length: modules }, () => ({
      baseAddress: numbers.u64(),
      fileSize: numbers.u32(),
      timeStamp: numbers.u32(),
      fileName: fast.text("file name") ?? "",
    })),
  };
}

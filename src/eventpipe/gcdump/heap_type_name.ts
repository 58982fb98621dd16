const SIZE_CLASSES = [
  [100_000_000, "100M"],
  [10_000_000, "10M"],
  [1_000_000, "1M"],
  [100_000, "100K"],
  [10_000, "10K"],
  [0, "1K"],
] as const;

/** Bytes above which the name of an object's type tells its size. */
const LARGE_OBJECT_BYTES = 1000;

/** How the runtime's event describes a type. */
export interface BulkType {
  /** Name as the runtime has it, may be empty. */
  readonly name: string;
  /** Token or id of the name. */
  readonly nameId: number;
  /** 1 delegate, 2 finalizable, 4 COM object, 8 array. */
  readonly flags: number;
}

const COM_OBJECT = 4;
const ARRAY = 8;

/**
 * Names a type as dotnet-gcdump does: without the number of type parameters,
 * with angle brackets around type arguments.
 *
 * @param type What the runtime says of it.
 * @returns For example `System.Collections.Generic.List<App.Node>`.
 */
export function heapTypeName(type: BulkType): string {
  const { name, nameId, flags } = type;
  const plain = name === ""
    ? `${(flags & ARRAY) !== 0 ? "ArrayType" : "Type"}(0x${
      nameId.toString(16)
    })`
    : name.replace(/`\d+/g, "")
      .replaceAll("[", "<")
      .replaceAll("]", ">")
      .replaceAll("<>", "[]");
  return (flags & COM_OBJECT) !== 0 ? `[RCW ${plain}]` : plain;
}

/**
 * Tells the size class of a large object, which is kept apart from smaller
 * ones of its type.
 *
 * @param bytes Size of the object.
 * @returns For example ` (Bytes > 10K)`, empty up to 1000 bytes.
 */
export function sizeClassSuffix(bytes: number): string {
  if (bytes <= LARGE_OBJECT_BYTES) return "";
  const [, label] = SIZE_CLASSES.find(([least]) => bytes >= least)!;
  return ` (Bytes > ${label})`;
}

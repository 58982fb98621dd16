/** A module of the kernel. */
export interface KernelModule {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** First address, 0 to those who may not see it. */
  readonly address: bigint;
}

/**
 * Reads the list of the kernel's modules.
 *
 * @param text What `/proc/modules` holds: name, size, users, their names, state, address.
 * @returns The modules in the order of the list; lines that cannot be read are left out.
 */
export function parseProcModules(text: string): readonly KernelModule[] {
  const modules: KernelModule[] = [];
  for (const line of text.split("\n")) {
    const [name, size, , , , address] = line.split(/\s+/);
    if (
      name === undefined || !/^\d{1,15}$/.test(size ?? "") ||
      !/^0x[0-9a-fA-F]{1,16}$/.test(address ?? "")
    ) continue;
    modules.push({ name, size: Number(size), address: BigInt(address!) });
  }
  return modules;
}

import type { NettraceEvent, NettraceHeader } from "./nettrace/types.ts";

/**
 * Numbers the processes of a trace, because addresses mean something within
 * one process only. Traces of one process, all before version 6, have number 0
 * alone.
 */
export class ProcessSpaces {
  readonly #numbers = new Map<number, number>();
  readonly #processIds: (number | undefined)[] = [undefined];
  #isShared = false;
  #ownProcessId: number | undefined;

  /** @param header The header of the stream. */
  onHeader(header: NettraceHeader): void {
    this.#isShared = header.version >= 6;
    this.#ownProcessId = header.processId;
  }

  /** Numbers given so far, number 0 included. */
  get length(): number {
    return this.#processIds.length;
  }

  /** @param event An event. @returns Number of its process, 0 where the stream does not tell. */
  of(event: NettraceEvent): number {
    if (!this.#isShared) return 0;
    const { processId } = event;
    if (processId === undefined) return 0;
    let number = this.#numbers.get(processId);
    if (number === undefined) {
      number = this.#processIds.length;
      this.#processIds.push(processId);
      this.#numbers.set(processId, number);
    }
    return number;
  }

  /** @param processId A process. @returns Its number, `undefined` when it has none. */
  find(processId: number): number | undefined {
    return this.#numbers.get(processId);
  }

  /** @param number A process's number. @returns Its process id, where known. */
  processId(number: number): number | undefined {
    return number === 0 ? this.#ownProcessId : this.#processIds[number];
  }
}

import { type EventView, NO_BYTES, NO_VIEW } from "./_event_view.ts";

/** Events of one capturing thread that wait for delivery, oldest first. */
interface ThreadQueue {
  head: EventView | undefined;
  tail: EventView | undefined;
}

/** What every held-back event counts beside the bytes of its block. */
const BYTES_PER_EVENT = 256;
/** Event objects that are kept for reuse at most. */
const MAX_SPARE_EVENTS = 65_536;
/** Threads without waiting events that are kept at most, beside as many as have some. */
const MAX_IDLE_THREADS = 1024;

/**
 * Brings the events of several capturing threads into order of time. Within one
 * thread they are taken to be in order; between threads the oldest head goes
 * first, the one that came first among equals.
 */
export class EventQueue {
  #threads = new Map<number | bigint, ThreadQueue>();
  /** Binary heap of the threads that have events, the oldest head at index 0. */
  #heap: ThreadQueue[] = [];
  #spare: EventView | undefined;
  #spareCount = 0;
  #eventCount = 0;
  #blockBytes = 0;
  readonly #create: () => EventView;
  readonly #deliver: (event: EventView) => void;

  constructor(create: () => EventView, deliver: (event: EventView) => void) {
    this.#create = create;
    this.#deliver = deliver;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Memory that is held, within a small factor. */
  get heldBytes(): number {
    return this.#blockBytes + this.#eventCount * BYTES_PER_EVENT;
  }

  /** An event to fill, either passed to `add` or to `recycle` afterwards. */
  take(): EventView {
    const spare = this.#spare;
    if (spare === undefined) return this.#create();
    this.#spare = spare.next;
    this.#spareCount--;
    spare.next = undefined;
    return spare;
  }

  recycle(event: EventView): void {
    if (this.#spareCount === MAX_SPARE_EVENTS) return;
    // The memory of a block must not outlive the events that wait in it.
    event.bytes = NO_BYTES;
    event.view = NO_VIEW;
    event.block = undefined;
    event.next = this.#spare;
    this.#spare = event;
    this.#spareCount++;
  }

  /** @param event Its memory is that of `event.block`. */
  add(event: EventView): void {
    const block = event.block!;
    if (block.pending++ === 0) this.#blockBytes += block.bytes.length;
    this.#eventCount++;
    const key = event.wideCaptureThread ?? event.rawCaptureThread;
    let queue = this.#threads.get(key);
    if (queue === undefined) {
      queue = { head: undefined, tail: undefined };
      this.#threads.set(key, queue);
    }
    if (queue.tail !== undefined) {
      queue.tail.next = event;
      queue.tail = event;
      return;
    }
    queue.head = queue.tail = event;
    this.#heap.push(queue);
    this.#siftUp(this.#heap.length - 1);
  }

  /** Delivers everything that is older than a moment. */
  deliverBefore(time: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.head!.time < time) {
      this.#deliverFirst();
    }
    this.#forgetIdleThreads();
  }

  /** Delivers everything. */
  deliverAll(): void {
    while (this.#heap.length > 0) this.#deliverFirst();
    this.#forgetIdleThreads();
  }

  #deliverFirst(): void {
    const queue = this.#heap[0]!;
    const event = queue.head!;
    queue.head = event.next;
    event.next = undefined;
    this.#eventCount--;
    const block = event.block!;
    if (--block.pending === 0) this.#blockBytes -= block.bytes.length;
    if (queue.head === undefined) {
      queue.tail = undefined;
      const last = this.#heap.pop()!;
      if (this.#heap.length > 0) this.#heap[0] = last;
    }
    if (this.#heap.length > 0) this.#siftDown();
    this.#deliver(event);
    this.recycle(event);
  }

  #forgetIdleThreads(): void {
    if (this.#threads.size <= 2 * this.#heap.length + MAX_IDLE_THREADS) return;
    for (const [key, queue] of this.#threads) {
      if (queue.head === undefined) this.#threads.delete(key);
    }
  }

  #siftUp(index: number): void {
    const heap = this.#heap;
    const queue = heap[index]!;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent]!, queue)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = queue;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const queue = heap[0]!;
    let index = 0;
    while (true) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)
      ) child++;
      if (isBefore(queue, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = queue;
  }
}

function isBefore(a: ThreadQueue, b: ThreadQueue): boolean {
  const first = a.head!;
  const second = b.head!;
  return first.time < second.time ||
    (first.time === second.time && first.index < second.index);
}

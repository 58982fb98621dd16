/** What a message of the DevTools protocol carries. */
export type DevtoolsFields = Readonly<Record<string, unknown>>;

/** Called with the parameters of an event. */
export type DevtoolsListener = (params: DevtoolsFields) => void;

interface Pending {
  readonly resolve: (result: DevtoolsFields) => void;
  readonly reject: (reason: Error) => void;
}

/** A connection to a browser that speaks the DevTools protocol. */
export class DevtoolsConnection implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<void>();
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, DevtoolsListener[]>();
  #lastId = 0;

  /** Takes over an open socket; use {@linkcode DevtoolsConnection.connect}. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = (message) => this.#receive(JSON.parse(message.data));
    socket.onclose = () => this.#end();
  }

  /**
   * Connects to a browser.
   *
   * @param url The `ws:` address that the browser prints.
   * @returns The connection.
   * @throws {Error} When nobody answers there.
   */
  static async connect(url: string): Promise<DevtoolsConnection> {
    const socket = new WebSocket(url);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () =>
      opened.reject(new Error(`Cannot connect to ${url}: no answer`));
    await opened.promise;
    socket.onerror = null;
    return new DevtoolsConnection(socket);
  }

  /**
   * Sends a command and waits for its result.
   *
   * @param method Its name: `"Page.navigate"`.
   * @param params Its parameters.
   * @param sessionId The page it is for; without it, the browser.
   * @returns The fields of the result.
   * @throws {Error} When the browser refuses it or goes away.
   */
  send(
    method: string,
    params: DevtoolsFields = {},
    sessionId?: string,
  ): Promise<DevtoolsFields> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Error(`Cannot send ${method}: socket closed`));
    }
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<
      DevtoolsFields
    >();
    this.#pending.set(id, {
      resolve,
      reject: (reason) =>
        reject(new Error(`Cannot run ${method}: ${reason.message}`)),
    });
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return promise;
  }

  /**
   * Listens to an event of one page.
   *
   * @param method The event: `"Runtime.exceptionThrown"`.
   * @param sessionId The page.
   * @param listener Called for each event from now on.
   */
  listen(method: string, sessionId: string, listener: DevtoolsListener): void {
    const key = `${sessionId} ${method}`;
    this.#listeners.set(key, [...this.#listeners.get(key) ?? [], listener]);
  }

  /** Closes the connection; commands under way fail. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(message: DevtoolsFields): void {
    const { id, method, params, sessionId, error, result } = message;
    if (typeof id === "number") {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(result as DevtoolsFields);
      else pending?.reject(new Error(JSON.stringify(error)));
      return;
    }
    for (const each of this.#listeners.get(`${sessionId} ${method}`) ?? []) {
      each(params as DevtoolsFields);
    }
  }

  #end(): void {
    for (const pending of this.#pending.values()) {
      pending.reject(new Error("the browser went away"));
    }
    this.#pending.clear();
    this.#closed.resolve();
  }
}

import type {
  DevtoolsConnection,
  DevtoolsFields,
} from "./devtools_connection.ts";

/** How often a condition is looked at. */
const POLL_INTERVAL_MS = 50;

/** Options of {@linkcode ChromiumPage.waitFor}. */
export interface WaitForOptions {
  /**
   * After how many milliseconds to give up.
   *
   * @default {20000}
   */
  readonly timeoutMs?: number;
  /**
   * Whether an error of the page ends the wait.
   *
   * @default {false}
   */
  readonly failOnError?: boolean;
}

/** A tab of a browser under test. */
export class ChromiumPage implements AsyncDisposable {
  /** Uncaught exceptions, console errors, failed loads and alerts, in order. */
  readonly errors: string[] = [];
  readonly #connection: DevtoolsConnection;
  readonly #targetId: string;
  readonly #sessionId: string;
  #closed = false;

  /** Takes over a tab; use {@linkcode ChromiumPage.open}. */
  constructor(
    connection: DevtoolsConnection,
    targetId: string,
    sessionId: string,
  ) {
    this.#connection = connection;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    this.#collectErrors();
  }

  /**
   * Opens a tab; the page may still be loading when this returns.
   *
   * @param connection To the browser.
   * @param url What to show.
   * @returns The tab.
   * @throws {Error} When the address cannot be opened.
   */
  static async open(
    connection: DevtoolsConnection,
    url: string,
  ): Promise<ChromiumPage> {
    const { targetId } = await connection.send("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await connection.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    const page = new ChromiumPage(
      connection,
      String(targetId),
      String(sessionId),
    );
    for (const domain of ["Runtime", "Log", "Network", "Page"]) {
      await page.send(`${domain}.enable`);
    }
    await page.navigate(url);
    return page;
  }

  /**
   * Sends any command of the DevTools protocol for this tab.
   *
   * @param method Its name: `"Input.dispatchKeyEvent"`.
   * @param params Its parameters.
   * @returns The fields of the result.
   * @throws {Error} When the browser refuses it.
   */
  send(method: string, params: DevtoolsFields = {}): Promise<DevtoolsFields> {
    return this.#connection.send(method, params, this.#sessionId);
  }

  /**
   * Goes to another address.
   *
   * @param url The address.
   * @throws {Error} When it cannot be opened.
   */
  async navigate(url: string): Promise<void> {
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText !== undefined) {
      throw new Error(`Cannot open ${url}: ${errorText}`);
    }
  }

  /**
   * Runs JavaScript in the page.
   *
   * @param expression An expression; a promise is awaited.
   * @returns Its value, as JSON can carry it.
   * @throws {Error} When it throws.
   */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(
        `Cannot evaluate "${expression}": ${describe(exceptionDetails)}`,
      );
    }
    return (result as DevtoolsFields).value;
  }

  /**
   * Waits until an expression is truthy.
   *
   * @param expression It may throw while the page is not ready.
   * @param options See {@linkcode WaitForOptions}.
   * @returns Its first truthy value.
   * @throws {Error} When it does not in time; the errors of the page are in it.
   */
  async waitFor(
    expression: string,
    options: WaitForOptions = {},
  ): Promise<unknown> {
    const { timeoutMs = 20_000, failOnError = false } = options;
    const end = performance.now() + timeoutMs;
    let last = "nothing";
    while (performance.now() < end) {
      try {
        const value = await this.evaluate(expression);
        if (value) return value;
        last = JSON.stringify(value) ?? "undefined";
      } catch (error) {
        last = String(error);
      }
      if (failOnError && this.errors.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
    throw new Error(
      `Cannot see "${expression}" come true: it is ${last}; errors of the page: ${
        this.errors.join(", ") || "none"
      }`,
    );
  }

  /**
   * Sets the size of the window, in CSS pixels.
   *
   * @param width Its width.
   * @param height Its height.
   */
  async resize(width: number, height: number): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }

  /**
   * Takes a picture of what the window shows.
   *
   * @param path Where to write it; without it, nowhere.
   * @returns The picture, PNG.
   */
  async screenshot(path?: string): Promise<Uint8Array> {
    const { data } = await this.send("Page.captureScreenshot", {
      format: "png",
    });
    const png = Uint8Array.fromBase64(String(data));
    if (path !== undefined) await Deno.writeFile(path, png);
    return png;
  }

  /** Closes the tab. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#connection.send("Target.closeTarget", {
      targetId: this.#targetId,
    });
  }

  /** Closes the tab. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #collectErrors(): void {
    this.#listen("Runtime.exceptionThrown", ({ exceptionDetails }) => {
      this.errors.push(describe(exceptionDetails));
    });
    this.#listen("Runtime.consoleAPICalled", ({ type, args }) => {
      if (type !== "error") return;
      const words = (args as DevtoolsFields[]).map((arg) =>
        String(arg.value ?? arg.description)
      );
      this.errors.push(words.join(" "));
    });
    this.#listen("Log.entryAdded", ({ entry }) => {
      const { level, text, url } = entry as DevtoolsFields;
      if (level === "error") this.errors.push(`${text} (${url})`);
    });
    this.#listen("Page.javascriptDialogOpening", ({ message }) => {
      this.errors.push(String(message));
      // An open dialog holds the page; the page may be gone by the answer.
      this.send("Page.handleJavaScriptDialog", { accept: true })
        .catch(() => {});
    });
    this.#listen("Network.loadingFailed", ({ errorText, canceled }) => {
      if (canceled !== true) this.errors.push(String(errorText));
    });
  }

  #listen(method: string, listener: (params: DevtoolsFields) => void): void {
    this.#connection.listen(method, this.#sessionId, listener);
  }
}

function describe(exceptionDetails: unknown): string {
  const { text, exception } = exceptionDetails as DevtoolsFields;
  const { description } = (exception ?? {}) as DevtoolsFields;
  return String(description ?? text);
}

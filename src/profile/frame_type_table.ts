/** What a frame belongs to. Numbers are those of the OpenTelemetry eBPF profiler. */
export const FRAME_TYPE = {
  /** Unknown. */
  unknown: 0x0,
  /** CPython. */
  python: 0x1,
  /** PHP. */
  php: 0x2,
  /** Machine code of a program or library. */
  native: 0x3,
  /** The kernel or one of its modules. */
  kernel: 0x4,
  /** Java on HotSpot. */
  hotspot: 0x5,
  /** Ruby. */
  ruby: 0x6,
  /** Perl. */
  perl: 0x7,
  /** JavaScript on V8. */
  v8: 0x8,
  /** PHP that was compiled at run time. */
  phpJit: 0x9,
  /** .NET. */
  dotnet: 0xa,
  /** Go. */
  go: 0xb,
  /** Erlang and Elixir. */
  beam: 0xc,
  /** LuaJIT. */
  luajit: 0xd,
  /** Not a frame: stands for the connection to a monitoring agent. */
  apmIntegration: 0x100,
} as const;

/** Set in the type of a frame that stands for an error of the unwinder. */
export const ERROR_FRAME_BIT = 0x80;

/** An error that ended the stack, without a known interpreter. */
export const ABORT_FRAME = 0x80;

/** How the layout of 2024 writes {@linkcode ABORT_FRAME}. */
export const ABORT_FRAME_2024 = 0xff;

const TEXTS: Readonly<Record<number, string>> = {
  [FRAME_TYPE.unknown]: "unknown",
  [FRAME_TYPE.python]: "cpython",
  [FRAME_TYPE.php]: "php",
  [FRAME_TYPE.native]: "native",
  [FRAME_TYPE.kernel]: "kernel",
  [FRAME_TYPE.hotspot]: "jvm",
  [FRAME_TYPE.ruby]: "ruby",
  [FRAME_TYPE.perl]: "perl",
  [FRAME_TYPE.v8]: "v8js",
  [FRAME_TYPE.phpJit]: "php",
  [FRAME_TYPE.dotnet]: "dotnet",
  [FRAME_TYPE.go]: "go",
  [FRAME_TYPE.beam]: "beam",
  [FRAME_TYPE.luajit]: "luajit",
  [FRAME_TYPE.apmIntegration]: "apm-integration",
};

const ABORT_TEXT = "abort-marker";
const INVALID_TEXT = "<invalid>";

const TYPES: ReadonlyMap<string, number> = new Map([
  ...Object.entries(TEXTS)
    .map(([type, text]) => [text, Number(type)] as const)
    // "php" is never the compiled one, and the pseudo type is no frame.
    .filter(([, type]) =>
      type !== FRAME_TYPE.phpJit && type !== FRAME_TYPE.apmIntegration
    ),
  [ABORT_TEXT, ABORT_FRAME],
]);

/** @param type Type of a frame. @returns Whether it says that unwinding was given up. */
export function isAbortFrame(type: number): boolean {
  return type === ABORT_FRAME || type === ABORT_FRAME_2024;
}

/** @param type Type of a frame. @returns Whether it stands for an error of the unwinder. */
export function isErrorFrame(type: number): boolean {
  return (type & ERROR_FRAME_BIT) !== 0 && type <= ABORT_FRAME_2024;
}

/** @param type Type of a frame, errors included. @returns The type without the mark of an error. */
export function interpreterOf(type: number): number {
  if (isAbortFrame(type)) return FRAME_TYPE.unknown;
  return isErrorFrame(type) ? type & ~ERROR_FRAME_BIT : type;
}

/**
 * @param type Type of a frame.
 * @returns Its text, as OTLP has it in `profile.frame.type`; that of its
 * interpreter for an error; `<invalid>` where the type is not known.
 */
export function formatFrameType(type: number): string {
  if (isAbortFrame(type)) return ABORT_TEXT;
  return TEXTS[interpreterOf(type)] ?? INVALID_TEXT;
}

/** @param text Text of a type. @returns The type; unknown where the text is. */
export function parseFrameType(text: string): number {
  return TYPES.get(text) ?? FRAME_TYPE.unknown;
}

/** Codes with which a runtime answers, as unsigned 32-bit numbers. */
export const HRESULT = {
  ok: 0x0000_0000,
  badEncoding: 0x8013_1384,
  unknownCommand: 0x8013_1385,
  unknownMagic: 0x8013_1386,
  unknownError: 0x8013_1387,
  notSupported: 0x8013_1515,
  fail: 0x8000_4005,
  notYetAvailable: 0x8013_135b,
  runtimeUninitialized: 0x8013_1371,
  invalidArgument: 0x8007_0057,
  insufficientBuffer: 0x8007_007a,
  environmentVariableNotFound: 0x8000_00cb,
  profilerAlreadyActive: 0x8013_136a,
} as const;

const HRESULT_TEXTS: Readonly<Record<number, string>> = {
  [HRESULT.badEncoding]:
    "the target rejected the request, likely because it does not know one of its options",
  [HRESULT.unknownCommand]: "the target's runtime does not know the command",
  [HRESULT.unknownMagic]: "the target does not know this protocol",
  [HRESULT.unknownError]:
    "the target failed for a reason that it does not know",
  [HRESULT.notSupported]: "the target's runtime does not support the operation",
  [HRESULT.fail]: "the operation failed within the target",
  [HRESULT.notYetAvailable]: "the target's runtime has not started yet",
  [HRESULT.runtimeUninitialized]: "the target's profiling is not ready",
  [HRESULT.invalidArgument]:
    "the operation is possible only while the runtime is suspended at its start",
  [HRESULT.insufficientBuffer]: "a buffer of the target is too small",
  [HRESULT.environmentVariableNotFound]:
    "the target has no such environment variable",
  [HRESULT.profilerAlreadyActive]: "the target has a profiler already",
};

/**
 * @param hresult A code.
 * @returns It as `0x` and eight upper-case digits.
 */
export function formatHresult(hresult: number): string {
  return `0x${(hresult >>> 0).toString(16).toUpperCase().padStart(8, "0")}`;
}

/**
 * @param hresult A code.
 * @returns What it means, for people; `undefined` when it is not of this protocol.
 */
export function hresultText(hresult: number): string | undefined {
  return HRESULT_TEXTS[hresult >>> 0];
}

/** Something that a test cannot do without and that not every machine has. */
export interface Requirement {
  /** Why it is not there, for people; absent when it is there. */
  readonly missing?: string;
  /** Whether a test that misses it fails, rather than being skipped. */
  readonly strict: boolean;
}

/**
 * Requires any condition, e.g. a right or a feature of the kernel.
 *
 * @param fulfilled Whether it holds.
 * @param reason What is said when it does not: `"needs CAP_NET_RAW"`.
 * @returns The requirement; it is never strict.
 */
export function requireThat(fulfilled: boolean, reason: string): Requirement {
  return fulfilled ? { strict: false } : { missing: reason, strict: false };
}

/**
 * Declares a test that runs where all requirements are met. Elsewhere it is
 * skipped and the reason printed, or it fails if a missing one is strict.
 *
 * @param name The name of the test.
 * @param requirements What it needs.
 * @param fn The test.
 * @param options Further fields of `Deno.test`, such as `permissions`.
 */
export function testWith(
  name: string,
  requirements: readonly Requirement[],
  fn: (t: Deno.TestContext) => void | Promise<void>,
  options: Omit<Deno.TestDefinition, "name" | "fn" | "ignore"> = {},
): void {
  const missing = requirements.filter((each) => each.missing !== undefined);
  const reason = missing.map((each) => each.missing).join("; ");
  if (missing.some((each) => each.strict)) {
    Deno.test(name, () => {
      throw new Error(`Cannot run this test: ${reason}`);
    });
    return;
  }
  if (missing.length > 0) noteSkip(name, reason);
  Deno.test({ ...options, name, fn, ignore: missing.length > 0 });
}

/** Says that a test is skipped: at once, and in the summary of the task. */
function noteSkip(name: string, reason: string): void {
  const note = `${name}: ${reason}`;
  const summary = Deno.env.get("TRACEDECK_SKIPS");
  if (!summary) {
    // deno-lint-ignore no-console
    console.error(`skipped: ${note}`);
  } else {
    Deno.writeTextFileSync(summary, `${note}\n`, { append: true });
  }
}

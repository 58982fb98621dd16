import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";

/**
 * Builds a small profile for tests.
 *
 * @param lines Value by frames joined with `;`, root first; the empty text is an empty stack.
 * @param unit Unit of the one value type, `wall`.
 * @returns The profile.
 */
export function foldedProfile(
  lines: Readonly<Record<string, number>>,
  unit = "nanoseconds",
): Profile {
  const builder = new ProfileBuilder({ valueTypes: [{ type: "wall", unit }] });
  for (const [path, value] of Object.entries(lines)) {
    let stack = -1;
    for (const name of path === "" ? [] : path.split(";")) {
      const frame = builder.internFrame({
        function: builder.internFunction({ name }),
      });
      stack = builder.internStack(stack, frame);
    }
    builder.addSample(stack, -1, [value]);
  }
  return builder.build();
}

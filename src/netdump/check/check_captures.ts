import type { CheckContext } from "./check_context.ts";
import type { Finding } from "./finding.ts";
import { makeFinding } from "./make_finding.ts";

/** Segments sent again from which on it is a fault. */
const MIN_AGAIN = 3;
const MIN_SHARE = 0.05;

/**
 * Looks at captures for what their traces do not tell.
 *
 * @param context The dump.
 * @returns What is wrong.
 */
export function checkCaptures(context: CheckContext): Finding[] {
  return context.requests.flatMap(({ captures }) =>
    captures.flatMap(({ path, flows }) => {
      const sum = (pick: (flow: typeof flows[number]) => number) =>
        flows.reduce((total, flow) => total + pick(flow), 0);
      const segments = sum(({ sent, received }) => sent + received);
      const again = sum((flow) => flow.sentAgain + flow.receivedAgain);
      if (again < MIN_AGAIN || again < segments * MIN_SHARE) return [];
      return [
        makeFinding("retransmissions", {
          severity: "warning",
          title: `TCP had to send ${again} of ${segments} segments again`,
          evidence: [{ path, detail: `${again} segments seen again` }],
        }),
      ];
    })
  );
}

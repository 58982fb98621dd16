import type { Profile } from "../profile/types.ts";
import type { TimelineEvent } from "../timeline/types.ts";

/** Which part of an input is wanted. */
export interface Selection {
  /** Whether a record is wanted; absent when all are. */
  readonly events?: ((event: TimelineEvent) => boolean) | undefined;
  /** Takes the wanted part of a profile; absent when all is wanted. */
  readonly profile?: ((profile: Profile) => Profile) | undefined;
  /** Whether `profile` needs the time of each sample. @default {false} */
  readonly needsTimes?: boolean | undefined;
}

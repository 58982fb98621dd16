import { VERSION } from "../../base/version.ts";

/** Value of `User-Agent` where the caller gives none. */
export const USER_AGENT: string = `tracedeck/${VERSION}`;

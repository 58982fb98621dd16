/** Code points from the first to the last one. */
export type CodeRange = readonly [first: number, last: number];

/** A place without width that a regular expression asks for. */
export type Assertion =
  | "beginText"
  | "endText"
  | "beginLine"
  | "endLine"
  | "wordBoundary"
  | "noWordBoundary";

/** A regular expression as a tree. */
export type RegexpNode =
  | { readonly type: "empty" }
  | { readonly type: "class"; readonly ranges: readonly CodeRange[] }
  | { readonly type: "assertion"; readonly assertion: Assertion }
  | { readonly type: "sequence"; readonly items: readonly RegexpNode[] }
  | { readonly type: "choice"; readonly items: readonly RegexpNode[] }
  | {
    readonly type: "repeat";
    readonly item: RegexpNode;
    readonly min: number;
    /** `Infinity` where there is no end. */
    readonly max: number;
  };

/** Parameter names that earlier releases used, by category of the event. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  process: { comm: "cmdline", file_name: "file_path" },
  thread: { entrypoint: "start_address" },
  module: { file_name: "file_path", image_size: "module_size" },
  file: {
    file_name: "file_path",
    operation: "create_disposition",
    options: "create_options",
    dir: "directory",
  },
  registry: {
    key_name: "key_path",
    key_handle: "kcb",
    type: "value_type",
  },
  handle: { handle_type: "type_id" },
  mem: { file_name: "file_path" },
};

/** Applies to `RegSetValue` beyond the row of its category. */
const RENAMED_REG_SET_VALUE: Readonly<Record<string, string>> = {
  ...RENAMED["registry"],
  value: "data",
};

const NONE: ReadonlyMap<string, string> = new Map();
const BY_CATEGORY: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(RENAMED).map(([category, names]) => [
    category,
    new Map(Object.entries(names)),
  ]),
);
const BY_REG_SET_VALUE: ReadonlyMap<string, string> = new Map(
  Object.entries(RENAMED_REG_SET_VALUE),
);

/** Event names that changed. */
const EVENT_NAMES: Readonly<Record<string, string>> = {
  LoadImage: "LoadModule",
  UnloadImage: "UnloadModule",
  ImageRundown: "ModuleRundown",
};

/** Category names that changed. */
const CATEGORIES: Readonly<Record<string, string>> = { image: "module" };

/** What Fibratus 1.x stored as name and category of state-only events. */
const UNNAMED: ReadonlySet<string> = new Set(["N/A", "unknown", ""]);

/**
 * @param stored Event name in a capture.
 * @param known Today's name of the event's type.
 * @returns Today's name.
 */
export function currentEventName(
  stored: string,
  known: string | undefined,
): string {
  if (known !== undefined && UNNAMED.has(stored)) return known;
  return Object.hasOwn(EVENT_NAMES, stored) ? EVENT_NAMES[stored]! : stored;
}

/**
 * @param stored Category in a capture.
 * @param known Today's category of the event's type.
 * @returns Today's category.
 */
export function currentCategory(
  stored: string,
  known: string | undefined,
): string {
  if (known !== undefined && UNNAMED.has(stored)) return known;
  return Object.hasOwn(CATEGORIES, stored) ? CATEGORIES[stored]! : stored;
}

/** Names of events and categories that changed, as they were. */
export const FORMER_NAMES: readonly string[] = [
  ...Object.keys(EVENT_NAMES),
  ...Object.keys(CATEGORIES),
];

/**
 * @param name Today's event name.
 * @param category Today's category.
 * @returns Today's parameter names by those that the event may still have.
 */
export function renamedParams(
  name: string,
  category: string,
): ReadonlyMap<string, string> {
  if (name === "RegSetValue") return BY_REG_SET_VALUE;
  return BY_CATEGORY.get(category) ?? NONE;
}

const NEVER_RENAMED: readonly string[] = [];
const OLD_NAMES = new Map<string, string[]>();
for (
  const names of [...Object.values(RENAMED), RENAMED_REG_SET_VALUE]
) {
  for (const [stored, current] of Object.entries(names)) {
    const known = OLD_NAMES.get(current) ?? [];
    if (!known.includes(stored)) OLD_NAMES.set(current, [...known, stored]);
  }
}

/**
 * @param name Today's name of a parameter.
 * @returns Names that it had before.
 */
export function formerParamNames(name: string): readonly string[] {
  return OLD_NAMES.get(name) ?? NEVER_RENAMED;
}

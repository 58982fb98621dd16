/**
 * Shortens the name of a function to what tells it apart: no module, no
 * namespace, no arguments.
 *
 * @param name For example `app!My.Type.Work(int32)` or `std::vector<int>::push_back`.
 * @returns For example `Work` or `push_back`; the name itself where nothing would be left.
 */
export function shortFunctionName(name: string): string {
  const method = name.slice(name.indexOf("!") + 1);
  const bracket = method.indexOf("(", 1);
  const path = bracket < 0 ? method : method.slice(0, bracket);
  return path.split(/\.(?=[^.])|::/).at(-1) || name;
}

/** How an operator is written in an expression. */
export type CppOperatorKind =
  | "binary"
  | "prefix"
  | "postfix"
  | "ternary"
  | "member"
  | "array"
  | "call"
  | "cast"
  | "new"
  | "delete"
  | "sizeof"
  | "named";

/** An operator of C++. */
export interface CppOperator {
  /** How it is written. */
  readonly text: string;
  /** Where its operands stand. */
  readonly kind: CppOperatorKind;
}

const binary = (text: string): CppOperator => ({ text, kind: "binary" });
const prefix = (text: string): CppOperator => ({ text, kind: "prefix" });

/** Operators by their two letters. */
export const CPP_OPERATORS: Readonly<Record<string, CppOperator>> = {
  aN: binary("&="),
  aS: binary("="),
  aa: binary("&&"),
  ad: prefix("&"),
  an: binary("&"),
  at: { text: "alignof ", kind: "sizeof" },
  aw: { text: "co_await", kind: "prefix" },
  az: { text: "alignof ", kind: "sizeof" },
  cc: { text: "const_cast", kind: "cast" },
  cl: { text: "()", kind: "call" },
  cm: binary(","),
  co: prefix("~"),
  dV: binary("/="),
  da: { text: "delete[]", kind: "delete" },
  dc: { text: "dynamic_cast", kind: "cast" },
  de: prefix("*"),
  dl: { text: "delete", kind: "delete" },
  ds: { text: ".*", kind: "member" },
  dt: { text: ".", kind: "member" },
  dv: binary("/"),
  eO: binary("^="),
  eo: binary("^"),
  eq: binary("=="),
  ge: binary(">="),
  gt: binary(">"),
  ix: { text: "[]", kind: "array" },
  lS: binary("<<="),
  le: binary("<="),
  ls: binary("<<"),
  lt: binary("<"),
  mI: binary("-="),
  mL: binary("*="),
  mi: binary("-"),
  ml: binary("*"),
  mm: { text: "--", kind: "postfix" },
  na: { text: "new[]", kind: "new" },
  ne: binary("!="),
  ng: prefix("-"),
  nt: prefix("!"),
  nw: { text: "new", kind: "new" },
  oR: binary("|="),
  oo: binary("||"),
  or: binary("|"),
  pL: binary("+="),
  pl: binary("+"),
  pm: { text: "->*", kind: "member" },
  pp: { text: "++", kind: "postfix" },
  ps: prefix("+"),
  pt: { text: "->", kind: "member" },
  qu: { text: "?", kind: "ternary" },
  rM: binary("%="),
  rS: binary(">>="),
  rc: { text: "reinterpret_cast", kind: "cast" },
  rm: binary("%"),
  rs: binary(">>"),
  sc: { text: "static_cast", kind: "cast" },
  ss: binary("<=>"),
  st: { text: "sizeof ", kind: "sizeof" },
  sz: { text: "sizeof ", kind: "sizeof" },
  te: { text: "typeid ", kind: "sizeof" },
  ti: { text: "typeid ", kind: "sizeof" },
};

/** Built-in types by their letter. */
export const CPP_BUILTIN_TYPES: Readonly<Record<string, string>> = {
  a: "signed char",
  b: "bool",
  c: "char",
  d: "double",
  e: "long double",
  f: "float",
  g: "__float128",
  h: "unsigned char",
  i: "int",
  j: "unsigned int",
  l: "long",
  m: "unsigned long",
  n: "__int128",
  o: "unsigned __int128",
  s: "short",
  t: "unsigned short",
  v: "void",
  w: "wchar_t",
  x: "long long",
  y: "unsigned long long",
  z: "...",
};

/** Built-in types by the letter behind a D. */
export const CPP_MORE_BUILTIN_TYPES: Readonly<Record<string, string>> = {
  a: "auto",
  c: "decltype(auto)",
  d: "decimal64",
  e: "decimal128",
  f: "decimal32",
  h: "_Float16",
  i: "char32_t",
  n: "decltype(nullptr)",
  s: "char16_t",
  u: "char8_t",
};

/** What stands for often used names: without arguments, and as whole types. */
export const CPP_STANDARD_NAMES: Readonly<
  Record<string, readonly [name: string, baseName: string, wholeName: string]>
> = {
  a: ["std::allocator", "allocator", "std::allocator"],
  b: ["std::basic_string", "basic_string", "std::basic_string"],
  s: [
    "std::string",
    "basic_string",
    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
  ],
  i: [
    "std::istream",
    "basic_istream",
    "std::basic_istream<char, std::char_traits<char> >",
  ],
  o: [
    "std::ostream",
    "basic_ostream",
    "std::basic_ostream<char, std::char_traits<char> >",
  ],
  d: [
    "std::iostream",
    "basic_iostream",
    "std::basic_iostream<char, std::char_traits<char> >",
  ],
};

/** What follows a number of a type in a literal. */
export const CPP_LITERAL_SUFFIXES: Readonly<Record<string, string>> = {
  i: "",
  j: "u",
  l: "l",
  m: "ul",
  x: "ll",
  y: "ull",
};

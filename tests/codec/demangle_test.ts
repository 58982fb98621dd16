import { assert, assertEquals } from "@std/assert";
import { demangle } from "../../src/codec/demangle.ts";
import { demangleCpp } from "../../src/codec/demangle_cpp.ts";
import { demangleRust } from "../../src/codec/demangle_rust.ts";
import { mutations } from "../support/mutations.ts";
import { findPeer, requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

const CPP: readonly [string, string][] = [
  ["_Z1fv", "f()"],
  ["_ZN3foo3barC1ERKS0_", "foo::bar::bar(foo::bar const&)"],
  ["_ZN3foo3barD0Ev", "foo::bar::~bar()"],
  ["_ZNK3foo3barcvT_IiEEv", "foo::bar::operator int<int>() const"],
  [
    "_ZN9__gnu_cxxeqERKS_S1_",
    "__gnu_cxx::operator==(__gnu_cxx const&, __gnu_cxx const&)",
  ],
  ["_Z1fIiJcdEEvT_DpT0_", "void f<int, char, double>(int, char, double)"],
  ["_Z1fIJEEvDpT_", "void f<>()"],
  ["_Z1fIJEJDpT_DpT_EEvv", "void f<>()"],
  ["_Z1fPFivE", "f(int (*)())"],
  ["_Z1fRA3_KcM1AFvvE", "f(char const (&) [3], void (A::*)())"],
  ["_Z1fIiEPFvT_ES0_", "void (*f<int>(int))(int)"],
  ["_ZN12_GLOBAL__N_11gEv", "(anonymous namespace)::g()"],
  ["_ZZ1fvE1x_0", "f()::x"],
  ["_ZZ1fvENKUlvE0_clEv", "f()::{lambda()#2}::operator()() const"],
  ["_ZGVZ1fvE1x", "guard variable for f()::x"],
  ["_ZGRZ1fvE1x_", "reference temporary #0 for f()::x"],
  ["_ZTV3Foo", "vtable for Foo"],
  ["_ZThn16_N3Foo3barEv", "non-virtual thunk to Foo::bar()"],
  ["_ZTv0_n24_N3Foo3barEv", "virtual thunk to Foo::bar()"],
  ["_ZTCN3FooE0_3Bar", "construction vtable for Bar-in-Foo"],
  ["_Z1fI1AXadL_ZNS0_1gEvEEEvv", "void f<A, &A::g>()"],
  [
    "_Z1fIKhKtEvPKT_PKT0_",
    [
      "void f<unsigned char const, unsigned short const>",
      "(unsigned char const*, unsigned short const*)",
    ].join(""),
  ],
  [
    "_Z1fI1AJR1BR1CEEvS0_DpOT0_",
    "void f<A, B&, C&>(A, B&, C&)",
  ],
  ["_Z1fDv4_f", "f(float __vector(4))"],
  [
    "_ZNSsC1EPKcRKSaIcE",
    [
      "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
      "::basic_string(char const*, std::allocator<char> const&)",
    ].join(""),
  ],
  [
    "_ZNSt7__cxx1112basic_stringIcE5clearB5cxx11Ev",
    [
      "std::__cxx11::basic_string<char>::clear[abi:cxx11]()",
    ].join(""),
  ],
  [
    "_Z3addIiEDTplfp_fp0_ET_S1_",
    "decltype ({parm#1}+{parm#2}) add<int>(int, int)",
  ],
  ["_Z1fILb1ELin3EEvv", "void f<true, -3>()"],
  [
    "_Z4workv.constprop.0.isra.1",
    [
      "work() [clone .constprop.0] [clone .isra.1]",
    ].join(""),
  ],
  [
    "_ZdlPvmSt11align_val_t",
    [
      "operator delete(void*, unsigned long, std::align_val_t)",
    ].join(""),
  ],
  ["_ZN1SaSEOS_", "S::operator=(S&&)"],
  ["_ZNKR1S1fEv", "S::f() const &"],
  ["_Z1fOKr1A", "f(A restrict const&&)"],
  ["_ZL3cntv", "cnt()"],
  [
    "_ZNK1AcvN1B1CIcSaIcEEEEv",
    "A::operator B::C<char, std::allocator<char> >() const",
  ],
  ["_ZN1AcvT_I1BEIcEEv", "A::operator char<B><char>()"],
  [
    "_ZNSdD2Ev",
    "std::basic_iostream<char, std::char_traits<char> >::~basic_iostream()",
  ],
  ["_Z1fPKcRA6_S0_", "f(char const*, char const* (&) [6])"],
  ["_Z1fPDoFvvE", "f(void (*)() noexcept)"],
  ["_Z1hILb0EXadL_ZN1a1fEvEEEvi", "void h<false, &a::f>(int)"],
  ["_Z1gIiEvDTadL_Z1fvEET_", "void g<int>(decltype (&(f())), int)"],
  [
    "_ZN1d4ReadIiEENSt9enable_ifIXsrNS_9is_vectorIT_EE5valueES2_E4typeEv",
    "std::enable_if<d::is_vector<int>::value, d::is_vector>::type d::Read<int>()",
  ],
  [
    "_ZN1a1bILi3EEENSt1eIXntsr3std7is_voidIT_EE5valueEiE1tEv",
    "std::e<!std::is_void<3>::value, int>::t a::b<3>()",
  ],
  [
    "_ZZ1fiENKUlRT_E_clIcEEDaS0_",
    "auto f(int)::{lambda(auto:1&)#1}::operator()<char>(char&) const",
  ],
  // Its argument is a reference to itself.
  [
    "_ZZ1fvENKUlOT_E_clIRS1_EEDaS0_",
    "auto f()::{lambda(auto:1&&)#1}::operator()<{lambda(auto:1&&)#1}&>" +
    "({lambda(auto:1&&)#1}&) const",
  ],
];

const RUST: readonly [string, string][] = [
  [
    "_RNvMs1_NtNtCsgEmfK2I1SDS_4core3fmt8buildersNtB5_11DebugStruct5field",
    "<core::fmt::builders::DebugStruct>::field",
  ],
  [
    "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc" +
    "3vec3VechEECsjrHSEGnQ3l9_3std",
    "core::ptr::drop_in_place::<alloc::vec::Vec<u8>>",
  ],
  [
    "_RNvXs3_NtNtNtCsjrHSEGnQ3l9_3std3sys5stdio4unixNtB5_6StderrNtNtBb_2io" +
    "5Write5flush",
    "<std::sys::stdio::unix::Stderr as std::io::Write>::flush",
  ],
  [
    "_RINvNtCsgEmfK2I1SDS_4core9panicking13assert_failedyyEB4_",
    "core::panicking::assert_failed::<u64, u64>",
  ],
  [
    "_RNvXs1g_NtCsgEmfK2I1SDS_4core3fmtRsNtB6_5Debug3fmtCsjrHSEGnQ3l9_3std",
    "<&i16 as core::fmt::Debug>::fmt",
  ],
  ["_RNvC6_123foo3bar.llvm.123.cold", "123foo::bar.cold"],
  [
    "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
    [
      "core::fmt::Formatter::pad",
    ].join(""),
  ],
  [
    "_ZN59_$LT$core..fmt..Arguments$u20$as$u20$core..fmt..Display$GT$3fmt" +
    "17h0123456789abcdefE",
    "<core::fmt::Arguments as core::fmt::Display>::fmt",
  ],
];

Deno.test("demangleCpp reads the names of the Itanium ABI", () => {
  for (const [symbol, name] of CPP) assertEquals(demangleCpp(symbol), name);
});

Deno.test("demangleRust reads both ways of mangling and leaves out hashes", () => {
  for (const [symbol, name] of RUST) assertEquals(demangleRust(symbol), name);
});

Deno.test("demangle gives back what is no mangled name", () => {
  const plain = ["main", "_start", "_Z", "_Zfoo", "_ZN", "__libc_start_main"];
  for (const symbol of plain) assertEquals(demangle(symbol), symbol);
  assertEquals(demangle("_Z1fv@@V_1"), "f()@@V_1");
});

Deno.test("demangle takes Rust before C++ where both read the name", () => {
  const symbol = "_ZN3foo3bar17h0123456789abcdefE";
  assertEquals(demangle(symbol), "foo::bar");
  assertEquals(demangleCpp(symbol), "foo::bar::h0123456789abcdef");
});

Deno.test("demangle ends within bounds on damaged and hostile names", () => {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const corpus = [...CPP, ...RUST].map(([symbol]) => encoder.encode(symbol));
  for (const bytes of mutations(corpus)) {
    const symbol = decoder.decode(bytes);
    assert(demangle(symbol).length <= 70_000);
  }
  for (const symbol of hostileNames()) demangle(symbol);
});

/** Names whose reading or writing would take forever, or deeper than the stack. */
function* hostileNames(): Generator<string> {
  for (
    const part of ["P", "I", "N", "Z", "1fI", "FvPv", "Dp", "XadL_Z", "ad"]
  ) {
    yield `_Z${part.repeat(5000)}`;
    yield `_Z1f${part.repeat(3000)}v`;
  }
  yield `_R${"INvC1a1bC".repeat(2000)}`;
  yield `_RNvC1au9999${"a".repeat(9999)}`;
  yield `_Z1fv${".a".repeat(10_000)}!`;
  yield `_Z1fP${`DwP1a${"S_".repeat(15_000)}E`}FvvE`;
  yield `_ZN1acv${"T_I".repeat(5000)}`;
  yield `_ZN1acv${"T_Ii".repeat(60)}${"E".repeat(60)}v`;
  yield `_Z1fIXsr${"1a".repeat(5000)}EE`;
  // Each part refers to the one before it: a chain, or twice as much each time.
  const chains: readonly ((before: string) => string)[] = [
    (before) => `P${before}`,
    (before) => `R${before}`,
    (before) => `A1_${before}`,
    (before) => `PF${before}vE`,
    (before) => `1bI${before}E`,
    (before) => `1bI${before}${before}E`,
    (before) => `F${before}${before}E`,
  ];
  for (const part of chains) {
    let name = `_Z1f${part("1a")}`;
    for (let index = 0; name.length < 32_000; index++) {
      const before = index === 0 ? "" : (index - 1).toString(36).toUpperCase();
      name += part(`S${before}_`);
    }
    yield name;
    yield name.slice(0, 400);
  }
  // Twice as much each time, and all of it empty.
  let packs = "_Z1fIJE";
  for (let index = 0; index < 60; index++) {
    const before = index === 0 ? "" : index - 1;
    packs += `JDpT${before}_DpT${before}_E`;
  }
  yield `${packs}Evv`;
  let tuples = "INvC1a1bTE";
  let before = 8;
  for (let index = 0; index < 60; index++) {
    const at = tuples.length;
    const reference = `B${base62(before)}`;
    tuples += `T${reference}${reference}E`;
    before = at;
  }
  yield `_R${tuples}E`;
}

function base62(value: number): string {
  const digits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  let text = "_";
  for (let rest = value - 1; rest >= 0; rest = Math.floor(rest / 62) - 1) {
    text = digits[rest % 62] + text;
    if (rest < 62) break;
  }
  return text;
}

testWith(
  "demangleCpp agrees with c++filt on every function of libstdc++",
  [requirePeers("c++filt", "nm", "g++")],
  async () => {
    const { stdout: path } = await new Deno.Command(findPeer("g++")!, {
      args: ["-print-file-name=libstdc++.so.6"],
    }).output();
    const { stdout } = await new Deno.Command(findPeer("nm")!, {
      args: ["-D", "--defined-only", new TextDecoder().decode(path).trim()],
    }).output();
    const symbols = new TextDecoder().decode(stdout).split("\n")
      .map((line) => line.split(" ").at(-1)!.split("@")[0]!)
      .filter((name) => name.startsWith("_Z"));
    assert(symbols.length > 1000);
    const names = await filter(symbols);
    // One space or none behind an empty pack is up to the version.
    const joined = (name: string) => name.replaceAll(/>(?=>)/g, "> ");
    const differing = symbols.filter((symbol, index) =>
      joined(demangle(symbol)) !== joined(names[index]!)
    );
    // Versions of c++filt differ among themselves in rare names.
    assert(differing.length <= symbols.length / 500, differing.join("\n"));
  },
);

async function filter(symbols: readonly string[]): Promise<string[]> {
  const child = new Deno.Command(findPeer("c++filt")!, {
    // Standard abbreviations are kept short: `std::string`.
    args: ["-i"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(symbols.join("\n")));
  await writer.close();
  await child.status;
  return (await lines).split("\n").slice(0, symbols.length);
}

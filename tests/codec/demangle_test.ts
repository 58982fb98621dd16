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
      "std::string::basic_string",
      "(char const*, std::allocator<char> const&)",
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
  for (
    const part of ["P", "I", "N", "Z", "1fI", "FvPv", "Dp", "XadL_Z", "ad"]
  ) {
    demangle(`_Z${part.repeat(5000)}`);
    demangle(`_Z1f${part.repeat(3000)}v`);
  }
  // Each argument doubles what is before it.
  let doubling = "_Z1fI1aE";
  for (let index = 0; index < 40; index++) {
    doubling += `1bIS${index.toString(36).toUpperCase()}_S${
      index.toString(36).toUpperCase()
    }_E`;
  }
  demangle(doubling);
  demangle(`_R${"INvC1a1bC".repeat(2000)}`);
});

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
    // Standard abbreviations are kept short here: `std::string`.
    const symbols = new TextDecoder().decode(stdout).split("\n")
      .map((line) => line.split(" ").at(-1)!.split("@")[0]!)
      .filter((name) => /^_Z/.test(name) && !/S[siod]/.test(name));
    const names = (await filter(symbols)).map((name) =>
      // One space or none before an empty pack's bracket is up to the version.
      name.replaceAll(/>(?=>)/g, "> ")
    );
    assert(symbols.length > 1000);
    assertEquals(
      symbols.map((name) => demangle(name).replaceAll(/>(?=>)/g, "> ")),
      names,
    );
  },
);

async function filter(symbols: readonly string[]): Promise<string[]> {
  const child = new Deno.Command(findPeer("c++filt")!, {
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

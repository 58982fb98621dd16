import { assertEquals } from "@std/assert";
import { frameName, frameNames } from "../../src/profile/frame_name.ts";
import {
  type FrameInput,
  ProfileBuilder,
} from "../../src/profile/profile_builder.ts";

const MAPPING = {
  start: 0x1000n,
  end: 0x2000n,
  fileOffset: 0x400n,
  fileName: "/usr/lib/libx.so.1",
  buildId: "",
};

function nameOf(
  make: (builder: ProfileBuilder) => FrameInput,
): string {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  const frame = builder.internFrame(make(builder));
  return frameName(builder.build(), frame);
}

Deno.test("frameName takes the function, by its system name where it has no other", () => {
  assertEquals(
    nameOf((builder) => ({
      function: builder.internFunction({ name: "f", systemName: "_Zf" }),
      address: 1,
    })),
    "f",
  );
  assertEquals(
    nameOf((builder) => ({
      function: builder.internFunction({ name: "", systemName: "_Zf" }),
    })),
    "_Zf",
  );
});

Deno.test("frameName gives an offset into the file for an address in its mapping", () => {
  assertEquals(
    nameOf((builder) => ({
      mapping: builder.internMapping(MAPPING),
      address: 0x1234,
    })),
    "libx.so.1+0x634",
  );
});

Deno.test("frameName takes an address outside of its mapping as one of the file", () => {
  assertEquals(
    nameOf((builder) => ({
      mapping: builder.internMapping(MAPPING),
      address: 0x20,
    })),
    "libx.so.1+0x20",
  );
  assertEquals(
    nameOf((builder) => ({
      mapping: builder.internMapping({
        ...MAPPING,
        start: 0n,
        fileName: "C:\\app\\x.dll",
      }),
      address: 0x20,
    })),
    "x.dll+0x20",
  );
  assertEquals(
    nameOf((builder) => ({
      mapping: builder.internMapping({ ...MAPPING, fileName: "/tmp/" }),
      address: 0x20,
    })),
    "/tmp/+0x20",
  );
});

Deno.test("frameName falls back to address, kind and unknown", () => {
  assertEquals(nameOf(() => ({ address: 0xff })), "0xff");
  assertEquals(
    nameOf((builder) => ({
      mapping: builder.internMapping({ ...MAPPING, fileName: "" }),
      address: 0xffff_8000_0000_0000n,
    })),
    "0xffff800000000000",
  );
  assertEquals(nameOf(() => ({ kind: "kernel" })), "[kernel]");
  assertEquals(nameOf(() => ({})), "[unknown]");
});

Deno.test("frameNames names all frames by index", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  builder.internFrame({ address: 1 });
  builder.internFrame({ address: 2 });
  assertEquals(frameNames(builder.build()), ["0x1", "0x2"]);
});

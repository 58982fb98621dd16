/** A kind of file that is not read, named so that people know what they have. */
export interface ForeignEntry {
  /** Name for people. */
  readonly title: string;
  /** First bytes in hexadecimal. */
  readonly magic: string;
  /** What to do with such a file, where there is something. */
  readonly hint?: string | undefined;
}

/** Kinds of files that people try; they are recognised for the error message only. */
export const FOREIGN_FORMATS: readonly ForeignEntry[] = [
  { title: "a zip archive", magic: "504b0304", hint: "unpack it first" },
  {
    title: "an xz archive",
    magic: "fd377a585a00",
    hint: "unpack it with xz first",
  },
  {
    title: "a bzip2 archive",
    magic: "425a68",
    hint: "unpack it with bzip2 first",
  },
  { title: "a 7-Zip archive", magic: "377abcaf271c", hint: "unpack it first" },
  { title: "an ELF program or core dump", magic: "7f454c46" },
  { title: "a Windows program", magic: "4d5a" },
  { title: "a Windows minidump", magic: "4d444d50" },
  {
    title: "a pcapng capture",
    magic: "0a0d0d0a",
    hint: "convert it to pcap with editcap -F pcap",
  },
  { title: "a Java flight recording", magic: "464c5200" },
  { title: "an SQLite database", magic: "53514c69746520666f726d61742033" },
  { title: "a PDF document", magic: "25504446" },
  { title: "a PNG picture", magic: "89504e47" },
];

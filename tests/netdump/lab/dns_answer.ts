/**
 * Answers a DNS query from a table.
 *
 * @param query The message.
 * @param zone Addresses by name, without the dot at the end.
 * @param rcode What to say instead of an answer.
 * @returns The answer, or nothing for what is no query.
 */
export function answerDns(
  query: Uint8Array,
  zone: Readonly<Record<string, readonly string[]>>,
  rcode?: number,
): Uint8Array | undefined {
  if (query.length < 17) return undefined;
  const labels: string[] = [];
  let at = 12;
  while (query[at]) {
    const length = query[at]!;
    labels.push(
      new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)),
    );
    at += length + 1;
  }
  const end = at + 5;
  const type = (query[at + 1]! << 8) + query[at + 2]!;
  const addresses = zone[labels.join(".").toLowerCase()];
  const records = (addresses ?? [])
    .filter((address) => address.includes(":") ? type === 28 : type === 1)
    .map(encodeAddress);
  const code = rcode ?? (addresses === undefined ? 3 : 0);
  const answers = code === 0 ? records : [];
  const header = [
    query[0]!,
    query[1]!,
    0x80 | (query[2]! & 0x01),
    0x80 | code,
    0,
    1,
    0,
    answers.length,
    0,
    0,
    0,
    0,
  ];
  return new Uint8Array([
    ...header,
    ...query.subarray(12, end),
    ...answers.flatMap((bytes) => [
      0xc0,
      12,
      0,
      type,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      bytes.length,
      ...bytes,
    ]),
  ]);
}

function encodeAddress(address: string): number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string) => text === "" ? [] : text.split(":");
  const [front, back] = [words(head), words(tail)];
  const middle = new Array(8 - front.length - back.length).fill("0");
  return [...front, ...middle, ...back].flatMap((word) => {
    const value = parseInt(word, 16);
    return [value >> 8, value & 0xff];
  });
}

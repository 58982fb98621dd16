/** @param name Name of an interface. @returns Whether it is one of Wi-Fi. */
export function isWireless(name: string): boolean {
  return ["wireless", "phy80211"].some((mark) => {
    try {
      Deno.lstatSync(`/sys/class/net/${name}/${mark}`);
      return true;
    } catch {
      return false;
    }
  });
}

import { parseCaptureTime } from "../capture_time.ts";
import { findParam } from "../find_param.ts";
import { renamedParams } from "../legacy_name_table.ts";
import { paramText } from "../param_text.ts";
import type { KcapEvent } from "../types.ts";
import type { FieldReader } from "./field_reader.ts";

const WEEKDAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

const DAY_MS = 86_400_000;

/** Values of the `evt.` fields. */
export const EVENT_VALUES: Readonly<Record<string, FieldReader>> = {
  "evt.seq": ({ seq }) => seq,
  "evt.pid": ({ pid }) => pid,
  "evt.tid": ({ tid }) => tid,
  "evt.cpu": ({ cpu }) => cpu,
  "evt.name": ({ name }) => name,
  "evt.category": ({ category }) => category,
  "evt.desc": ({ description }) => description,
  "evt.host": ({ host }) => host,
  // In the offset of the capturing machine, as the text is.
  "evt.time": ({ timestamp }) => timestamp.slice(11, 19),
  "evt.time.h": ({ timestamp }) => Number(timestamp.slice(11, 13)),
  "evt.time.m": ({ timestamp }) => Number(timestamp.slice(14, 16)),
  "evt.time.s": ({ timestamp }) => Number(timestamp.slice(17, 19)),
  "evt.time.ns": ({ timeNs }) => timeNs,
  "evt.date": ({ timestamp }) => timestamp.slice(0, 10),
  "evt.date.d": ({ timestamp }) => Number(timestamp.slice(8, 10)),
  "evt.date.m": ({ timestamp }) => Number(timestamp.slice(5, 7)),
  "evt.date.y": ({ timestamp }) => Number(timestamp.slice(0, 4)),
  "evt.date.tz": ({ timestamp }) => timestamp.endsWith("Z") ? "UTC" : "",
  "evt.date.week": (event) => isoWeek(localDay(event)),
  "evt.date.weekday": (event) => WEEKDAYS[localDay(event).getUTCDay()],
  "evt.nparams": ({ params }) => params.length,
  "evt.arg": (event, name) => argumentValue(event, name),
  // System calls cannot be told apart from what a capture stores.
  "evt.is_direct_syscall": () => false,
  "evt.is_indirect_syscall": () => false,
};

function argumentValue(
  event: KcapEvent,
  name: string,
): ReturnType<FieldReader> {
  const renamed = renamedParams(event.name, event.category).get(name);
  const param = findParam(event, name) ??
    (renamed === undefined ? undefined : findParam(event, renamed)) ??
    event.params.find(({ storedName }) => storedName === name);
  if (param === undefined) return undefined;
  switch (param.type) {
    case "Uint8":
    case "Uint16":
    case "Port":
    case "Uint32":
    case "PID":
    case "TID":
    case "Uint64":
      return param.value as number | bigint;
    default:
      return paramText(param, event);
  }
}

/** The day of the timestamp, as a UTC date. */
function localDay({ timestamp }: KcapEvent): Date {
  const time = parseCaptureTime(timestamp);
  const day = new Date(0);
  if (time !== undefined) {
    day.setUTCFullYear(time.year, time.month - 1, time.day);
  }
  return day;
}

/** The week that the Thursday of this week belongs to. */
function isoWeek(day: Date): number {
  const weekday = (day.getUTCDay() + 6) % 7;
  const thursday = new Date(day.getTime() + (3 - weekday) * DAY_MS);
  const first = new Date(0);
  first.setUTCFullYear(thursday.getUTCFullYear(), 0, 1);
  return 1 + Math.floor((thursday.getTime() - first.getTime()) / (7 * DAY_MS));
}

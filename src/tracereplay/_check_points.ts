import { ARCHITECTURES } from "./architecture.ts";
import { didYouMean, isJsonObject } from "./config_findings.ts";
import type { ConfigFindings, ConfigSeverity } from "./config_findings.ts";
import { listPoints, MAX_TRACED_SYSNO } from "./points.ts";
import type { TracePoint } from "./points.ts";
import { listSyscalls, syscallName } from "./syscalls.ts";

const POINT_KEYS = ["name", "optional_fields", "context_fields"];
const RAW_POINT_REGEXP = /^syscall\/sysno\/(\d+)\/(enter|exit)$/;

/** What the check of the points has to know. */
export interface CheckPointsOptions {
  /** Whether the session skips points and fields that do not exist. */
  readonly ignoreMissing: boolean;
  /** Weekly release that is to run it. */
  readonly release: number | undefined;
}

/**
 * Checks the points of a session.
 *
 * @param findings Where findings go.
 * @param value The value of `points`.
 * @param path Its place.
 * @param options What else counts.
 * @returns How many points are listed.
 */
export function checkPoints(
  findings: ConfigFindings,
  value: unknown,
  path: string,
  options: CheckPointsOptions,
): number {
  return new PointsCheck(findings, options).run(value, path);
}

type FieldsKey = "optionalFields" | "contextFields";

class PointsCheck {
  readonly #findings: ConfigFindings;
  readonly #options: CheckPointsOptions;
  /** What a missing point or field is, and what is added to the message. */
  readonly #missing: readonly [ConfigSeverity, string];
  readonly #seen = new Map<string, number>();
  readonly #contexts = new Map<string, string>();

  constructor(findings: ConfigFindings, options: CheckPointsOptions) {
    this.#findings = findings;
    this.#options = options;
    this.#missing = options.ignoreMissing
      ? ["warning", ", it is skipped"]
      : ["error", ""];
  }

  run(value: unknown, path: string): number {
    const points = this.#findings.elements(value, path);
    if (points.length === 0) {
      this.#findings.add(
        "warning",
        path,
        "no points are listed, nothing is traced",
      );
    }
    for (const [index, point] of points.entries()) {
      this.#point(point, `${path}[${index}]`, index);
    }
    this.#rawPoints(path);
    return points.length;
  }

  #point(point: unknown, path: string, index: number): void {
    if (!isJsonObject(point)) {
      this.#findings.wrongType(path, point, "an object");
      return;
    }
    const fields = this.#findings.fields(point, path, POINT_KEYS);
    const name = fields.get("name");
    if (typeof name !== "string") {
      this.#findings.wrongType(`${path}.name`, name, "a string");
      return;
    }
    const before = this.#seen.get(name);
    if (before !== undefined) {
      this.#findings.add(
        "warning",
        `${path}.name`,
        `point "${name}" is listed before as number ${before}, the last one counts`,
      );
    }
    this.#seen.set(name, index);
    this.#name(name, `${path}.name`);
    const contextPath = `${path}.context_fields`;
    const context = this.#findings.strings(
      fields.get("context_fields"),
      contextPath,
    );
    this.#contexts.set(name, context.toSorted().join("|"));
    this.#fields(name, "contextFields", context, contextPath);
    const optionalPath = `${path}.optional_fields`;
    const optional = this.#findings.strings(
      fields.get("optional_fields"),
      optionalPath,
    );
    this.#fields(name, "optionalFields", optional, optionalPath);
  }

  #name(name: string, path: string): void {
    const [severity, remark] = this.#missing;
    const { architectures } = this.#findings;
    const missing = architectures.filter((architecture) =>
      findPoint(name, [architecture]) === undefined
    );
    const elsewhere = ARCHITECTURES.filter((architecture) =>
      findPoint(name, [architecture]) !== undefined
    );
    if (missing.length > 0) {
      const suggestion = elsewhere.length > 0
        ? `it exists on ${elsewhere.join(", ")} alone`
        : didYouMean(
          name,
          architectures.flatMap((architecture) =>
            listPoints(architecture).map((point) => point.name)
          ),
        );
      this.#findings.add(
        severity,
        path,
        `point "${name}" not found${remark}`,
        suggestion,
        missing,
      );
    }
    const since = findPoint(name, ARCHITECTURES)?.since ?? 0;
    const { release } = this.#options;
    if (release !== undefined && since > release) {
      this.#findings.add(
        severity,
        path,
        `point "${name}" exists since release ${since}, the one given is ${release}${remark}`,
      );
    }
  }

  #fields(
    name: string,
    key: FieldsKey,
    fields: readonly string[],
    path: string,
  ): void {
    const known = findPoint(name, ARCHITECTURES)?.[key];
    if (known === undefined) return;
    const [severity, remark] = this.#missing;
    for (const [index, field] of fields.entries()) {
      if (known.includes(field)) continue;
      const owner = ARCHITECTURES.flatMap(listPoints).find((point) =>
        point[key].includes(field)
      );
      this.#findings.add(
        severity,
        `${path}[${index}]`,
        `configuring point "${name}": field "${field}" not found, the point has ${
          known.join(", ") || "none"
        }${remark}`,
        owner === undefined
          ? didYouMean(field, known)
          : `point ${owner.name} has it`,
      );
    }
  }

  /** What is odd about raw points, of which the name is a number. */
  #rawPoints(path: string): void {
    const told = new Set<number>();
    for (const [name, index] of this.#seen) {
      const match = RAW_POINT_REGEXP.exec(name);
      const sysno = Number(match?.[1]);
      if (match === null || sysno > MAX_TRACED_SYSNO) continue;
      if (match[2] === "exit") {
        this.#rawExit(name, sysno, `${path}[${index}].context_fields`);
      }
      if (told.has(sysno)) continue;
      told.add(sysno);
      this.#rawNumber(name, sysno, `${path}[${index}].name`);
    }
  }

  #rawExit(name: string, sysno: number, path: string): void {
    const enterName = `syscall/sysno/${sysno}/enter`;
    const enter = this.#contexts.get(enterName);
    const exit = this.#contexts.get(name);
    if (enter === undefined || enter === exit) return;
    this.#findings.add(
      exit === "" ? "hint" : "warning",
      path,
      `the context fields of "${enterName}" count for both phases, those of "${name}" are ignored`,
    );
  }

  #rawNumber(name: string, sysno: number, path: string): void {
    const { architectures } = this.#findings;
    const silent = architectures.filter((architecture) =>
      !listSyscalls(architecture).some((call) =>
        call.sysno === sysno && call.isInGvisor
      )
    );
    if (silent.length > 0) {
      this.#findings.add(
        "warning",
        path,
        `point "${name}" never fires, gVisor has no system call ${sysno}`,
        undefined,
        silent,
      );
    }
    const names = architectures.map((architecture) =>
      syscallName(architecture, BigInt(sysno)) ?? "no call"
    );
    if (new Set(names).size > 1) {
      this.#findings.add(
        "hint",
        path,
        `system call ${sysno} is ${
          names.map((name, index) => `${name} on ${architectures[index]}`).join(
            ", ",
          )
        }`,
      );
    }
  }
}

function findPoint(
  name: string,
  architectures: readonly ("amd64" | "arm64")[],
): TracePoint | undefined {
  for (const architecture of architectures) {
    const point = listPoints(architecture).find((point) => point.name === name);
    if (point !== undefined) return point;
  }
  return undefined;
}

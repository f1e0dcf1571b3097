// Timestamps and durations as JSON has them: RFC 3339 in UTC, and seconds with up to nine decimals and an "s".

/** A Timestamp or a Duration. */
interface Time {
  readonly seconds: bigint;
  readonly nanos: number;
}

const NANOS = 1_000_000_000;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
/** Ten thousand years. */
const MOST_SECONDS = 315_576_000_000;

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** The text of a Timestamp of `seconds` and `nanos`; undefined outside of the years 1 to 9999. */
export function timestampText(seconds: number, nanos: number): string | undefined {
  if (!(seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < NANOS)) return undefined;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

/** The Timestamp that `text` says; undefined where it says none. */
export function timestampOf(text: string): Time | undefined {
  const found = TIMESTAMP.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = found[8] === undefined ? 0 : offsetSeconds(found[8], Number(found[9]), Number(found[10]));
  if (offset === undefined) return undefined;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return undefined;
  return { seconds: BigInt(seconds), nanos: nanosOf(found[7]) };
}

function offsetSeconds(sign: string, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  return (hours * 3600 + minutes * 60) * (sign === "-" ? -1 : 1);
}

/** The text of a Duration; undefined beyond ten thousand years, or where the signs differ. */
export function durationText(seconds: number, nanos: number): string | undefined {
  if (!(Math.abs(seconds) <= MOST_SECONDS && Math.abs(nanos) < NANOS)) return undefined;
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) return undefined;
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
}

/** The Duration that `text` says; undefined where it says none. */
export function durationOf(text: string): Time | undefined {
  const found = DURATION.exec(text);
  if (found === null || Number(found[2]) > MOST_SECONDS) return undefined;
  const seconds = BigInt(found[2]!);
  const nanos = nanosOf(found[3]);
  return found[1] === "-" ? { seconds: -seconds, nanos: 0 - nanos } : { seconds, nanos };
}

/** With 0, 3, 6 or 9 digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  return `.${
    digits.endsWith("000000") ? digits.slice(0, 3) : digits.endsWith("000") ? digits.slice(0, 6) : digits
  }`;
}

function nanosOf(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(9, "0"));
}

// How many records a message may come in. Each costs its receiver the same, whether it has 16 KB or one octet.

/** The least that a peer may have others send in a record (RFC 8449, section 4); of those that do so it is mostly 512. */
const LEAST_RECORD_BYTES = 64;

/** In records of 512 octets that is a quarter of a MB: the largest certificates that OpenSSL takes twice, or two tickets. */
const MOST_RECORDS = 512;

/** Whether so many records with so many octets are more, or shorter ones, than anybody needs for what has an end. */
export function areShort(records: number, octets: number): boolean {
  return records > MOST_RECORDS || octets < records * LEAST_RECORD_BYTES;
}

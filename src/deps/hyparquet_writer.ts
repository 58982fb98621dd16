/**
 * What tracedeck uses of `hyparquet-writer`.
 *
 * @module
 */

export {
  ByteWriter,
  ParquetWriter,
  type SchemaElement,
} from "npm:hyparquet-writer@^0.17";

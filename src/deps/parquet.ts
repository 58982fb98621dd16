/**
 * What tracedeck uses of `hyparquet-writer`.
 *
 * @module
 */

export {
  ByteWriter,
  type ColumnSource,
  ParquetWriter,
  type SchemaElement,
  type Writer,
} from "npm:hyparquet-writer@^0.17";

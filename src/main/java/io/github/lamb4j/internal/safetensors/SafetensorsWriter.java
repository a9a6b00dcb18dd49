package io.github.lamb4j.internal.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.numerics.HalfFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes safetensors files. The same input gives the same bytes. */
public final class SafetensorsWriter {

  private static final int ALIGNMENT = 8;

  /** The most elements that are requested from a source at once, from each multiple of it on. */
  public static final int PIECE_ELEMENTS = 1 << 16;

  private SafetensorsWriter() {}

  /**
   * Writes a file whole or not at all, as {@link AtomicFile} does.
   *
   * <p>The tensors' data are stored in the order given; the first begins at a multiple of 8 bytes.
   *
   * @param metadata text by key, written in the order of the keys; may be empty
   * @throws SafetensorsException if the file could not be read back: a duplicate name, a negative
   *     dimension, too many tensors, dimensions or header bytes, or text that is not Unicode
   * @throws IllegalStateException if a source provides fewer elements than requested
   * @throws IOException if the file cannot be written, or if a source throws it
   */
  public static void write(Path path, Map<String, String> metadata, List<TensorSource> tensors)
      throws IOException {
    List<TensorInfo> layout = layout(path, tensors);
    long dataBytes = layout.isEmpty() ? 0 : layout.get(layout.size() - 1).end();
    byte[] header = header(metadata, layout);
    if (header.length > HeaderReader.MAX_BYTES) {
      throw new SafetensorsException(
          path,
          "the header would have %d bytes, at most %d are allowed; split the model into several files"
              .formatted(header.length, HeaderReader.MAX_BYTES));
    }
    // Reading the header back refuses what readers would refuse, before anything is written.
    HeaderReader.read(path, new ByteArrayInputStream(header), dataBytes);
    AtomicFile.write(
        path,
        channel -> {
          ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          writeAll(channel, length.putLong(0, header.length));
          writeAll(channel, ByteBuffer.wrap(header));
          ByteBuffer chunk =
              ByteBuffer.allocateDirect(PIECE_ELEMENTS * Float.BYTES)
                  .order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < layout.size(); i++) {
            write(channel, layout.get(i), tensors.get(i).data(), chunk);
          }
        });
  }

  private static List<TensorInfo> layout(Path path, List<TensorSource> tensors)
      throws SafetensorsException {
    List<TensorInfo> layout = new ArrayList<>(tensors.size());
    long begin = 0;
    for (TensorSource tensor : tensors) {
      try {
        long count = TensorInfo.elementCount(tensor.shape());
        long bytes = Math.multiplyExact(count, tensor.dtype().bits()) / Byte.SIZE;
        long end = Math.addExact(begin, bytes);
        layout.add(
            new TensorInfo(tensor.name(), tensor.dtype(), tensor.shape(), count, begin, end));
        begin = end;
      } catch (ArithmeticException e) {
        throw new SafetensorsException(
            path,
            "tensor %s: %s %s is larger than 2^63 bits, more than any file; correct it"
                .formatted(Printable.value(tensor.name()), tensor.dtype(), tensor.shape()),
            e);
      }
    }
    return layout;
  }

  private static byte[] header(Map<String, String> metadata, List<TensorInfo> layout)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(HeaderReader.METADATA);
        for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (TensorInfo tensor : layout) {
        writeTensor(json, tensor);
      }
      json.writeEndObject();
    }
    String padding = " ".repeat(Math.floorMod(-bytes.size(), ALIGNMENT));
    bytes.writeBytes(padding.getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  private static void writeTensor(JsonGenerator json, TensorInfo tensor) throws IOException {
    json.writeObjectFieldStart(tensor.name());
    json.writeStringField("dtype", tensor.dtype().name());
    json.writeArrayFieldStart("shape");
    for (long dimension : tensor.shape()) {
      json.writeNumber(dimension);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(tensor.begin());
    json.writeNumber(tensor.end());
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(
      WritableByteChannel channel, TensorInfo tensor, TensorSource.Data data, ByteBuffer chunk)
      throws IOException {
    if (data instanceof TensorSource.Elements elements) {
      writeElements(channel, tensor, elements, chunk);
    } else {
      writeBytes(channel, tensor, (TensorSource.Bytes) data, chunk);
    }
  }

  private static void writeBytes(
      WritableByteChannel channel, TensorInfo tensor, TensorSource.Bytes bytes, ByteBuffer chunk)
      throws IOException {
    long count = tensor.end() - tensor.begin();
    for (long written = 0; written < count; written += chunk.limit()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), count - written));
      bytes.read(written, chunk);
      writeAll(channel, chunk.flip());
    }
  }

  private static void writeElements(
      WritableByteChannel channel,
      TensorInfo tensor,
      TensorSource.Elements elements,
      ByteBuffer chunk)
      throws IOException {
    long written = 0;
    while (written < tensor.elementCount()) {
      int count = (int) Math.min(PIECE_ELEMENTS, tensor.elementCount() - written);
      FloatBuffer floats = chunk.clear().limit(count * Float.BYTES).asFloatBuffer();
      elements.read(written, floats);
      if (floats.position() != count) {
        throw new IllegalStateException(
            "the source of tensor %s provided %d of %d elements from offset %d"
                .formatted(Printable.value(tensor.name()), floats.position(), count, written));
      }
      narrow(tensor.dtype(), chunk);
      writeAll(channel, chunk);
      written += count;
    }
  }

  /** Converts the floats of a chunk in place to the type of the file. */
  private static void narrow(Dtype dtype, ByteBuffer chunk) {
    if (dtype == Dtype.F32) {
      return;
    }
    int count = chunk.limit() / Float.BYTES;
    HalfFormat format = dtype == Dtype.F16 ? HalfFormat.F16 : HalfFormat.BF16;
    format.narrow(chunk.asFloatBuffer(), chunk.asShortBuffer());
    chunk.limit(count * Short.BYTES);
  }

  private static void writeAll(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}

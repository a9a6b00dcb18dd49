package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.numerics.HalfFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * An open safetensors file.
 *
 * <p>Opening reads and checks only the header. Elements are read on request, in pieces, so a file
 * may be larger than memory. Several threads may read at once. Interrupting a thread that reads
 * closes the file, as with every {@link FileChannel}.
 */
public final class SafetensorsFile implements AutoCloseable {

  /** The most tensors that a file may have. */
  public static final int MAX_TENSORS = 1_000_000;

  private static final int LENGTH_BYTES = 8;
  private static final int CHUNK_BYTES = 1 << 18;

  private final Path path;
  private final FileChannel channel;
  private final long dataStart;
  private final HeaderReader.Header header;
  private final Map<String, TensorInfo> byName = new HashMap<>();

  private SafetensorsFile(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    long fileBytes = channel.size();
    long headerBytes = headerBytes(fileBytes);
    dataStart = LENGTH_BYTES + headerBytes;
    header = HeaderReader.read(path, new HeaderStream(), fileBytes - dataStart);
    header.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
  }

  /**
   * Opens a file and reads its header.
   *
   * @throws SafetensorsException if there is no such regular file, it cannot be read, or its header
   *     violates the format in any way: duplicate names, for example, or tensors that overlap or
   *     leave bytes uncovered
   */
  public static SafetensorsFile open(Path path) throws IOException {
    FileChannel channel = openChannel(path);
    try {
      return new SafetensorsFile(path, channel);
    } catch (Throwable failure) {
      channel.close();
      throw failure;
    }
  }

  private static FileChannel openChannel(Path path) throws IOException {
    // Opening a pipe would wait for its writer.
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new SafetensorsException(path, "not a regular file");
    }
    try {
      return FileChannel.open(path, StandardOpenOption.READ);
    } catch (IOException e) {
      throw named(path, e);
    }
  }

  /** The tensors in the order of their data; those without elements in the order of the header. */
  public List<TensorInfo> tensors() {
    return header.tensors();
  }

  /** The tensor of this name. */
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The metadata by key; empty if the file has none. */
  public SortedMap<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads elements of an F32, F16 or BF16 tensor as floats, exactly; a NaN keeps its payload.
   *
   * @param tensor a tensor of this file
   * @param offset the index of the first element, in row-major order
   * @param target filled from its position to its limit; after an exception, partly
   * @throws SafetensorsException if the tensor has another type, or the file cannot be read
   * @throws IndexOutOfBoundsException if the range exceeds the tensor
   * @throws IllegalArgumentException if the tensor belongs to another file
   */
  public void read(TensorInfo tensor, long offset, FloatBuffer target) throws IOException {
    requireOwn(tensor);
    requireRange(tensor, offset, target.remaining(), tensor.elementCount());
    int width = width(tensor);
    ByteBuffer chunk =
        ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, (long) width * target.remaining()))
            .order(ByteOrder.LITTLE_ENDIAN);
    long position = dataStart + tensor.begin() + width * offset;
    while (target.hasRemaining()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), (long) width * target.remaining()));
      fill(chunk, position);
      position += chunk.flip().remaining();
      decode(tensor.dtype(), chunk, target);
    }
  }

  /**
   * Reads bytes of a tensor of any type.
   *
   * @param offset the index of the first byte
   * @param target filled from its position to its limit; after an exception, partly
   * @throws SafetensorsException if the file cannot be read
   * @throws IndexOutOfBoundsException if the range exceeds the tensor
   * @throws IllegalArgumentException if the tensor belongs to another file
   */
  public void readBytes(TensorInfo tensor, long offset, ByteBuffer target) throws IOException {
    requireOwn(tensor);
    requireRange(tensor, offset, target.remaining(), tensor.end() - tensor.begin());
    fill(target, dataStart + tensor.begin() + offset);
  }

  private void requireOwn(TensorInfo tensor) {
    if (!tensor.equals(byName.get(tensor.name()))) {
      throw new IllegalArgumentException(
          "tensor %s does not belong to %s"
              .formatted(Printable.value(tensor.name()), Printable.path(path)));
    }
  }

  private static void requireRange(TensorInfo tensor, long offset, long length, long available) {
    if (offset < 0 || offset > available - length) {
      throw new IndexOutOfBoundsException(
          "tensor %s: range [%d, %d) is out of bounds for %d"
              .formatted(Printable.value(tensor.name()), offset, offset + length, available));
    }
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    channel.close();
  }

  private long headerBytes(long fileBytes) throws IOException {
    if (fileBytes < LENGTH_BYTES) {
      throw new SafetensorsException(
          path,
          "only " + fileBytes + " bytes long; a safetensors file has at least " + LENGTH_BYTES);
    }
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    fill(length, 0);
    long bytes = length.getLong(0);
    String what = "header length " + Long.toUnsignedString(bytes) + " bytes: ";
    if (bytes < 0 || bytes > HeaderReader.MAX_BYTES) {
      throw new SafetensorsException(
          path,
          what + "at most " + HeaderReader.MAX_BYTES + " are allowed; is this a safetensors file?");
    }
    if (bytes > fileBytes - LENGTH_BYTES) {
      throw new SafetensorsException(
          path, what + "the file has only " + fileBytes + "; is it truncated?");
    }
    return bytes;
  }

  private int width(TensorInfo tensor) throws SafetensorsException {
    return switch (tensor.dtype()) {
      case F32 -> Float.BYTES;
      case F16, BF16 -> Short.BYTES;
      default ->
          throw new SafetensorsException(
              path,
              "tensor %s is %s; only F32, F16 and BF16 can be read as floats"
                  .formatted(Printable.value(tensor.name()), tensor.dtype()));
    };
  }

  private static void decode(Dtype dtype, ByteBuffer chunk, FloatBuffer target) {
    switch (dtype) {
      case F32 -> target.put(chunk.asFloatBuffer());
      case F16 -> HalfFormat.F16.widen(chunk.asShortBuffer(), target);
      default -> HalfFormat.BF16.widen(chunk.asShortBuffer(), target);
    }
  }

  private void fill(ByteBuffer target, long start) throws IOException {
    long position = start;
    while (target.hasRemaining()) {
      int count = readAt(target, position);
      if (count < 0) {
        throw new SafetensorsException(path, "truncated since it was opened");
      }
      position += count;
    }
  }

  private int readAt(ByteBuffer target, long position) throws IOException {
    try {
      return channel.read(target, position);
    } catch (IOException e) {
      throw named(path, e);
    }
  }

  /** The system's errors do not name the file, or name nothing else; the caller closes it. */
  private static IOException named(Path path, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new SafetensorsException(path, "reading it was interrupted", e);
    }
    if (e instanceof SafetensorsException || e instanceof ClosedChannelException) {
      return e;
    }
    if (e instanceof NoSuchFileException) {
      return new SafetensorsException(path, "no such file", e);
    }
    if (e instanceof AccessDeniedException) {
      return new SafetensorsException(path, "no read permission", e);
    }
    return new SafetensorsException(path, "cannot be read: " + Printable.escape("" + e), e);
  }

  /** The header's bytes. */
  private final class HeaderStream extends InputStream {
    private long position = LENGTH_BYTES;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = (int) Math.min(length, dataStart - position);
      if (count == 0) {
        return length == 0 ? 0 : -1;
      }
      fill(ByteBuffer.wrap(target, offset, count), position);
      position += count;
      return count;
    }
  }
}

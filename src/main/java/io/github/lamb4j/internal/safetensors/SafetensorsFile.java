package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.numerics.Half;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
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
 * <p>Opening reads the header alone and checks all of it; elements are read when asked for, in
 * pieces, so that a file may be larger than the memory. Several threads may read at once. A thread
 * that is interrupted while it reads closes the file, as with every {@link FileChannel}.
 */
public final class SafetensorsFile implements AutoCloseable {

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
   * @throws SafetensorsException if there is no such regular file, if it cannot be read, or if
   *     anything in its header is not as the format wants it: among others duplicate names, and
   *     tensors that overlap or leave bytes uncovered
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

  /** The tensors in the order of their data; those without elements in the header's. */
  public List<TensorInfo> tensors() {
    return header.tensors();
  }

  /** The tensor of this name. */
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The free text that the file carries, by its key; empty if there is none. */
  public SortedMap<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads elements of an F32, F16 or BF16 tensor as floats: exactly, and a NaN with its payload.
   *
   * @param tensor a tensor of this file
   * @param offset the first element to read, counted from 0 in row-major order
   * @param target what to fill from its position to its limit; after an exception, a part may be
   * @throws SafetensorsException if the tensor is of another type, or the file cannot be read
   * @throws IndexOutOfBoundsException if the tensor has fewer elements than asked for
   * @throws IllegalArgumentException if the tensor is not of this file
   */
  public void read(TensorInfo tensor, long offset, FloatBuffer target) throws IOException {
    String name = Printable.value(tensor.name());
    if (!tensor.equals(byName.get(tensor.name()))) {
      throw new IllegalArgumentException(name + " is not a tensor of " + Printable.path(path));
    }
    if (offset < 0 || offset > tensor.elementCount() - target.remaining()) {
      throw new IndexOutOfBoundsException(
          "tensor %s has %d elements, too few for %d from %d on"
              .formatted(name, tensor.elementCount(), target.remaining(), offset));
    }
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

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    channel.close();
  }

  private long headerBytes(long fileBytes) throws IOException {
    if (fileBytes < LENGTH_BYTES) {
      throw new SafetensorsException(
          path, "only " + fileBytes + " bytes long, which is no safetensors file");
    }
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    fill(length, 0);
    long bytes = length.getLong(0);
    String what = "the header's length is given as " + Long.toUnsignedString(bytes) + " bytes, ";
    if (bytes < 0 || bytes > HeaderReader.MAX_BYTES) {
      throw new SafetensorsException(
          path, what + "more than " + HeaderReader.MAX_BYTES + "; is this a safetensors file?");
    }
    if (bytes > fileBytes - LENGTH_BYTES) {
      throw new SafetensorsException(
          path, what + "but the file has only " + fileBytes + "; is it cut short?");
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
              "tensor %s holds %s, and only F32, F16 and BF16 can be read as floats"
                  .formatted(Printable.value(tensor.name()), tensor.dtype()));
    };
  }

  private static void decode(Dtype dtype, ByteBuffer chunk, FloatBuffer target) {
    switch (dtype) {
      case F32 -> target.put(chunk.asFloatBuffer());
      case F16 -> {
        while (chunk.hasRemaining()) {
          target.put(Half.fromF16(chunk.getShort()));
        }
      }
      default -> {
        while (chunk.hasRemaining()) {
          target.put(Half.fromBf16(chunk.getShort()));
        }
      }
    }
  }

  private void fill(ByteBuffer target, long start) throws IOException {
    long position = start;
    while (target.hasRemaining()) {
      int count = readAt(target, position);
      if (count < 0) {
        throw new SafetensorsException(path, "has become shorter since it was opened");
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

  /** The system's errors do not name the file, or name it alone; closing is the caller's doing. */
  private static IOException named(Path path, IOException e) {
    if (e instanceof SafetensorsException || e instanceof ClosedChannelException) {
      return e;
    }
    if (e instanceof NoSuchFileException) {
      return new SafetensorsException(path, "no such file", e);
    }
    if (e instanceof AccessDeniedException) {
      return new SafetensorsException(path, "no permission to read it", e);
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

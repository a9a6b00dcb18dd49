package io.github.lamb4j.internal.safetensors;

import static io.github.lamb4j.internal.safetensors.SafetensorsBytes.entry;
import static io.github.lamb4j.internal.safetensors.SafetensorsBytes.file;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken files either open, and then read, or are refused in the one way that is documented. */
@Tag("slow")
class SafetensorsFuzzTest {

  private static final int ROUNDS = 4_000;
  private static final long ALLOCATION_LIMIT = 2_000_000;

  private static final String[] TOKENS = {
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "0",
    "1",
    "4",
    "-",
    "9",
    "e",
    ".",
    " ",
    "\0",
    "\n",
    "null",
    "true",
    "\"\"",
    "{}",
    "[]",
    "\\u0000",
    "\\ud800",
    "__metadata__",
    "dtype",
    "F16",
    "18446744073709551615",
    "9223372036854775807",
    "data_offsets",
    "\uFEFF",
    "é"
  };

  @TempDir Path directory;

  private static byte[] valid(String metadata) {
    String header =
        "{\"__metadata__\":%s,\"a\":%s,\"b\":%s,\"é\":%s,\"n\":%s}  "
            .formatted(
                metadata,
                entry("F32", "[2,2]", 0, 16),
                entry("BF16", "[3]", 16, 22),
                entry("F16", "[]", 22, 24),
                entry("I64", "[0]", 24, 24));
    return file(header, 24);
  }

  @Test
  void shouldOpenOrRefuseWhateverTheBytes() throws IOException {
    Random random = new Random(20_261_121);
    Path path = directory.resolve("fuzz.safetensors");
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[][] valid = {valid("{\"k\":\"v\"}"), valid("null"), valid("{}")};
    int opened = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = valid[round % valid.length];
      for (int i = random.nextInt(3); i >= 0; i--) {
        bytes = mutated(bytes, random);
      }
      Files.write(path, bytes);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        opened += openAndRead(path);
      } catch (SafetensorsException expected) {
        String message = expected.getMessage();
        assertTrue(message.chars().noneMatch(Character::isISOControl), message);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + ": " + Arrays.toString(bytes), e);
      }
      long taken = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(taken < ALLOCATION_LIMIT, "round " + round + " allocated " + taken);
    }
    // Changed data bytes and metadata leave a file valid: both outcomes must have been met.
    assertTrue(opened > ROUNDS / 100 && opened < ROUNDS / 2, "opened " + opened);
  }

  private static int openAndRead(Path path) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (TensorInfo tensor : file.tensors()) {
        FloatBuffer target = FloatBuffer.allocate((int) Math.min(64, tensor.elementCount()));
        if (tensor.dtype() == Dtype.F32 || tensor.dtype().bits() == 16) {
          try {
            file.read(tensor, 0, target);
          } catch (SafetensorsException integers) {
            assertTrue(integers.getMessage().contains("can be read as floats"));
          }
        }
      }
      return 1;
    }
  }

  /** An index is opened or refused, whatever its bytes. */
  @Test
  void shouldOpenOrRefuseWhateverTheIndex() throws IOException {
    Random random = new Random(20_261_125);
    String header = "{\"%s\":" + entry("F32", "[2]", 0, 8) + "}";
    Files.write(directory.resolve("a"), file(header.formatted("x"), 8));
    Files.write(directory.resolve("b"), file(header.formatted("y"), 8));
    byte[] valid =
        "{\"metadata\": {\"n\": [1, {}]}, \"weight_map\": {\"x\": \"a\", \"y\": \"b\"}}"
            .getBytes(StandardCharsets.UTF_8);
    Path index = directory.resolve("m.safetensors.index.json");
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int opened = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = valid;
      for (int i = random.nextInt(3); i >= 0; i--) {
        bytes = mutated(bytes, random);
      }
      Files.write(index, bytes);
      long before = threads.getCurrentThreadAllocatedBytes();
      try (TensorFiles files = TensorFiles.open(index)) {
        assertTrue(files.tensors().size() == 2, "round " + round);
        opened++;
      } catch (SafetensorsException expected) {
        String message = expected.getMessage();
        assertTrue(message.chars().noneMatch(Character::isISOControl), message);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + ": " + Arrays.toString(bytes), e);
      }
      long taken = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(taken < ALLOCATION_LIMIT, "round " + round + " allocated " + taken);
    }
    assertTrue(opened > ROUNDS / 100 && opened < ROUNDS / 2, "opened " + opened);
  }

  private static byte[] mutated(byte[] bytes, Random random) {
    int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
    switch (random.nextInt(5)) {
      case 0 -> {
        byte[] changed = bytes.clone();
        if (changed.length > 0) {
          changed[at] ^= (byte) (1 << random.nextInt(8));
        }
        return changed;
      }
      case 1 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 2 -> {
        return spliced(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(8)), "");
      }
      default -> {
        // As long as what it replaces, if it can be: the lengths stay right and the parser is met.
        String token = TOKENS[random.nextInt(TOKENS.length)];
        int length = random.nextBoolean() ? token.getBytes(StandardCharsets.UTF_8).length : 0;
        return spliced(bytes, at, Math.min(bytes.length, at + length), token);
      }
    }
  }

  private static byte[] spliced(byte[] bytes, int from, int to, String token) {
    byte[] middle = token.getBytes(StandardCharsets.UTF_8);
    byte[] result = new byte[bytes.length - (to - from) + middle.length];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(middle, 0, result, from, middle.length);
    System.arraycopy(bytes, to, result, from + middle.length, bytes.length - to);
    return result;
  }
}

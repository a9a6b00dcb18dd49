package io.github.lamb4j.internal.safetensors;

import static io.github.lamb4j.internal.safetensors.SafetensorsBytes.entry;
import static io.github.lamb4j.internal.safetensors.SafetensorsBytes.file;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.numerics.Half;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {

  @TempDir Path directory;

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("model.safetensors"), bytes);
  }

  private static float[] readAll(SafetensorsFile file, String name) throws IOException {
    TensorInfo tensor = file.tensor(name).orElseThrow();
    float[] values = new float[(int) tensor.elementCount()];
    file.read(tensor, 0, FloatBuffer.wrap(values));
    return values;
  }

  @Test
  void shouldReadAFileSpelledOutByteByByte() throws IOException {
    // 64 bytes of header, seven trailing spaces among them, then 1.0, -2.5, the smallest subnormal.
    byte[] bytes = {
      64,
      0,
      0,
      0,
      0,
      0,
      0,
      0, //
      '{',
      '"',
      'w',
      '"',
      ':',
      '{',
      '"',
      'd',
      't',
      'y',
      'p',
      'e',
      '"',
      ':',
      '"',
      'F',
      '3',
      '2', //
      '"',
      ',',
      '"',
      's',
      'h',
      'a',
      'p',
      'e',
      '"',
      ':',
      '[',
      '3',
      ',',
      '1',
      ']',
      ',',
      '"',
      'd', //
      'a',
      't',
      'a',
      '_',
      'o',
      'f',
      'f',
      's',
      'e',
      't',
      's',
      '"',
      ':',
      '[',
      '0',
      ',',
      '1',
      '2', //
      ']',
      '}',
      '}',
      ' ',
      ' ',
      ' ',
      ' ',
      ' ',
      ' ',
      ' ', //
      0,
      0,
      (byte) 0x80,
      0x3F,
      0,
      0,
      0x20,
      (byte) 0xC0,
      1,
      0,
      0,
      0
    };
    try (SafetensorsFile file = SafetensorsFile.open(write(bytes))) {
      assertEquals(
          List.of(new TensorInfo("w", Dtype.F32, List.of(3L, 1L), 3, 0, 12)), file.tensors());
      assertEquals(Map.of(), file.metadata());
      assertArrayEquals(new float[] {1f, -2.5f, Float.MIN_VALUE}, readAll(file, "w"));
    }
  }

  @Test
  void shouldListTensorsInTheOrderOfTheirData() throws IOException {
    String header =
        "{\"b\":%s,\"e2\":%s,\"a\":%s,\"e1\":%s,\"__metadata__\":{\"z\":\"1\",\"a\":\"\"}}"
            .formatted(
                entry("U8", "[3]", 1, 4),
                entry("F32", "[0]", 1, 1),
                entry("U8", "[]", 0, 1),
                entry("F64", "[2,0]", 1, 1));
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, 4)))) {
      assertEquals(
          List.of("a", "e2", "e1", "b"), file.tensors().stream().map(TensorInfo::name).toList());
      assertEquals("{a=, z=1}", file.metadata().toString());
      assertEquals(1, file.tensor("a").orElseThrow().elementCount());
      assertEquals(0, file.tensor("e1").orElseThrow().elementCount());
      assertEquals(Optional.empty(), file.tensor("c"));
    }
  }

  static Stream<String> emptyHeaders() {
    return Stream.of(
        "{}",
        "{ }   ",
        "{\"__metadata__\":{}}",
        "{\n\t\"__metadata__\" : { \"a\\n\":\"\\u0000\" }}");
  }

  @ParameterizedTest
  @MethodSource("emptyHeaders")
  void shouldOpenAFileWithoutTensors(String header) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, 0)))) {
      assertEquals(List.of(), file.tensors());
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldOpenEveryDtypeAndReadFloatsOnly(Dtype dtype) throws IOException {
    String header = "{\"x\":" + entry(dtype.name(), "[4,2]", 0, dtype.bits()) + "}";
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, dtype.bits())))) {
      assertEquals(dtype, file.tensors().get(0).dtype());
      if (List.of(Dtype.F32, Dtype.F16, Dtype.BF16).contains(dtype)) {
        assertArrayEquals(new float[8], readAll(file, "x"));
      } else {
        IOException e = assertThrows(SafetensorsException.class, () -> readAll(file, "x"));
        assertTrue(e.getMessage().contains("tensor \"x\" is " + dtype + ";"), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void shouldReadAllValuesOfTheShortFormats(Dtype dtype) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(1 << 17).order(ByteOrder.LITTLE_ENDIAN);
    for (int bits = 0; bits <= 0xFFFF; bits++) {
      data.putShort((short) bits);
    }
    byte[] header = ("{\"x\":" + entry(dtype.name(), "[65536]", 0, 1 << 17) + "}").getBytes();
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, data.array())))) {
      float[] values = readAll(file, "x");
      for (int bits = 0; bits <= 0xFFFF; bits++) {
        float expected =
            dtype == Dtype.F16 ? Half.fromF16((short) bits) : Half.fromBf16((short) bits);
        assertEquals(
            Float.floatToRawIntBits(expected), Float.floatToRawIntBits(values[bits]), "" + bits);
      }
    }
  }

  @Test
  void shouldReadAnyRangeAcrossPieces() throws IOException {
    int count = 200_000;
    ByteBuffer data = ByteBuffer.allocate(1 + 4 * count).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 0);
    for (int i = 0; i < count; i++) {
      data.putFloat(i);
    }
    String header =
        "{\"odd\":%s,\"x\":%s}"
            .formatted(entry("U8", "[1]", 0, 1), entry("F32", "[400,500]", 1, 1 + 4 * count));
    try (SafetensorsFile file =
        SafetensorsFile.open(write(file(header.getBytes(), data.array())))) {
      TensorInfo tensor = file.tensor("x").orElseThrow();
      for (int[] range : new int[][] {{0, count}, {1, count - 1}, {65535, 65537}, {count, 0}}) {
        FloatBuffer target = FloatBuffer.allocate(range[1] + 3).position(2).limit(range[1] + 2);
        file.read(tensor, range[0], target);
        assertEquals(0, target.remaining());
        assertEquals(0f, target.get(1));
        for (int i = 0; i < range[1]; i++) {
          assertEquals((float) (range[0] + i), target.get(2 + i));
        }
      }
    }
  }

  @Test
  void shouldReadBeyondTwoGibibytes() throws IOException {
    long count = 700_000_000;
    byte[] header = ("{\"x\":" + entry("F32", "[" + count + "]", 0, 4 * count) + "}").getBytes();
    Path path = write(file(header, new byte[0]));
    // A hole in the file takes no room on the disk.
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      ByteBuffer last = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, 7f);
      channel.write(last, channel.size() + 4 * (count - 1));
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      float[] values = new float[2];
      file.read(file.tensors().get(0), count - 2, FloatBuffer.wrap(values));
      assertArrayEquals(new float[] {0f, 7f}, values);
    }
  }

  @Test
  void shouldRefuseARangeOutsideTheTensor() throws IOException {
    String header = "{\"x\":" + entry("F32", "[4]", 0, 16) + "}";
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, 16)))) {
      TensorInfo tensor = file.tensors().get(0);
      for (long[] range :
          new long[][] {
            {0, 5}, {1, 4}, {-1, 1}, {5, 0}, {Long.MAX_VALUE, 1}, {Long.MIN_VALUE, 1}
          }) {
        assertThrows(
            IndexOutOfBoundsException.class,
            () -> file.read(tensor, range[0], FloatBuffer.allocate((int) range[1])));
      }
    }
  }

  @Test
  void shouldRefuseATensorOfAnotherFile() throws IOException {
    String header = "{\"x\":" + entry("F32", "[1]", 0, 4) + "}";
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, 4)))) {
      TensorInfo forged = new TensorInfo("x", Dtype.F32, List.of(9L), 9, 0, 36);
      assertThrows(
          IllegalArgumentException.class, () -> file.read(forged, 0, FloatBuffer.allocate(9)));
    }
  }

  @Test
  void shouldTellWhenTheFileShrinksWhileOpen() throws IOException {
    String header = "{\"x\":" + entry("F32", "[4]", 0, 16) + "}";
    Path path = write(file(header, 16));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Files.write(path, new byte[20]);
      IOException e = assertThrows(SafetensorsException.class, () -> readAll(file, "x"));
      assertTrue(e.getMessage().contains("truncated since"), e.getMessage());
    }
  }

  @Test
  void shouldNameTheFileWhenReadingIsInterrupted() throws IOException {
    String header = "{\"x\":" + entry("F32", "[1]", 0, 4) + "}";
    Path path = write(file(header, 4));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Thread.currentThread().interrupt();
      IOException e = assertThrows(SafetensorsException.class, () -> readAll(file, "x"));
      assertTrue(e.getMessage().endsWith(path.getFileName() + ": reading it was interrupted"));
    } finally {
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void shouldRefuseToReadOnceClosed() throws IOException {
    String header = "{\"x\":" + entry("F32", "[1]", 0, 4) + "}";
    SafetensorsFile file = SafetensorsFile.open(write(file(header, 4)));
    file.close();
    assertThrows(ClosedChannelException.class, () -> readAll(file, "x"));
  }

  @Test
  void shouldOpenManyThousandTensors() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 50_000; i++) {
      header.append(i == 0 ? "" : ",").append("\"t").append(i).append("\":");
      header.append(entry("U8", "[1]", i, i + 1));
    }
    byte[] bytes = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
    try (SafetensorsFile file = SafetensorsFile.open(write(file(bytes, new byte[50_000])))) {
      assertEquals(50_000, file.tensors().size());
      assertEquals(49_999, file.tensor("t49999").orElseThrow().begin());
    }
  }

  @Test
  void shouldOpenNamesOfOneHashInReasonableTime() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 1 << 15; i++) {
      StringBuilder name = new StringBuilder();
      for (int bit = 0; bit < 15; bit++) {
        name.append((i >> bit & 1) == 0 ? "Aa" : "BB");
      }
      header.append(i == 0 ? "\"" : ",\"").append(name).append("\":");
      header.append(entry("U8", "[0]", 0, 0));
    }
    Path path = write(file(header.append("}").toString(), 0));
    assertTimeout(Duration.ofSeconds(10), () -> SafetensorsFile.open(path).close());
  }

  @Test
  void shouldReadNullMetadataAsNone() throws IOException {
    String header = "{\"__metadata__\":null,\"x\":" + entry("F32", "[1]", 0, 4) + "}";
    try (SafetensorsFile file = SafetensorsFile.open(write(file(header, 4)))) {
      assertEquals(Map.of(), file.metadata());
      assertEquals(1, file.tensors().size());
    }
  }
}

package io.github.lamb4j.internal.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.lamb4j.internal.numerics.Half;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsWriterTest {

  @TempDir Path directory;
  private Path path;

  @BeforeEach
  void nameFile() {
    path = directory.resolve("out.safetensors");
  }

  private static TensorSource source(String name, List<Long> shape, int... bits) {
    return new TensorSource(
        name,
        shape,
        (offset, target) -> {
          for (int i = (int) offset; target.hasRemaining(); i++) {
            target.put(Float.intBitsToFloat(bits[i]));
          }
        });
  }

  @Test
  void shouldWriteExactlyTheseBytes() throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("step", "3");
    metadata.put("format", "pt");
    SafetensorsWriter.write(
        path,
        metadata,
        List.of(
            source("z", List.of(2L), 0x3F800000, 0x80000000),
            source("none", List.of(0L, 5L)),
            source("é\n", List.of(), 0x7F800001)));
    String header =
        "{\"__metadata__\":{\"format\":\"pt\",\"step\":\"3\"},"
            + "\"z\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            + "\"none\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[8,8]},"
            + "\"é\\n\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}";
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) / 8 * 8;
    assertTrue(padded > json.length, "the case should need padding");
    expected.writeBytes(new byte[] {(byte) padded, 0, 0, 0, 0, 0, 0, 0});
    expected.writeBytes(json);
    expected.writeBytes(" ".repeat(padded - json.length).getBytes());
    expected.writeBytes(new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, (byte) 0x80});
    expected.writeBytes(new byte[] {1, 0, (byte) 0x80, 0x7F});
    assertArrayEquals(expected.toByteArray(), Files.readAllBytes(path));
  }

  @Test
  void shouldBeginTheDataAtAMultipleOfEight() throws IOException {
    for (int length = 0; length < 16; length++) {
      SafetensorsWriter.write(path, Map.of(), List.of(source("n".repeat(length), List.of(), 1)));
      assertEquals(4, Files.size(path) % 8);
    }
  }

  @Test
  void shouldKeepEveryBitOnTheWayOutAndBack() throws IOException {
    int count = 150_001;
    int[] bits = new Random(1).ints(count).toArray();
    // Signalling and quiet NaNs with payloads, both signs, both zeros, infinities.
    int[] special = {0x7F800001, 0x7FBFFFFF, 0xFFC12345, 0xFF812345, 0x80000000, 0, 0x7F800000, 1};
    System.arraycopy(special, 0, bits, 0, special.length);
    SafetensorsWriter.write(
        path,
        Map.of("a\u0000\"\\", "line\nline 😀"),
        List.of(source("", List.of(1L)), source("x", List.of((long) count), bits)).subList(1, 2));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(Map.of("a\u0000\"\\", "line\nline 😀"), file.metadata());
      FloatBuffer back = FloatBuffer.allocate(count);
      file.read(file.tensors().get(0), 0, back);
      for (int i = 0; i < count; i++) {
        assertEquals(bits[i], Float.floatToRawIntBits(back.get(i)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void shouldKeepEveryBitOfHalves(Dtype dtype) throws IOException {
    int count = 5 << 16; // more than a chunk
    TensorSource halves =
        new TensorSource(
            "x",
            dtype,
            List.of(5L, 1L << 16),
            (offset, target) -> {
              for (int i = (int) offset; target.hasRemaining(); i++) {
                short bits = (short) i;
                target.put(dtype == Dtype.F16 ? Half.fromF16(bits) : Half.fromBf16(bits));
              }
            });
    SafetensorsWriter.write(path, Map.of(), List.of(halves, source("y", List.of(), 7)));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(bytes.limit() - 2 * count - 4);
    for (int i = 0; i < count; i++) {
      assertEquals((short) i, bytes.getShort());
    }
    assertEquals(7, bytes.getInt());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(dtype, file.tensors().get(0).dtype());
    }
  }

  @Test
  void shouldRoundToHalvesNearestEven() throws IOException {
    int[] bits = {0x3F800FFF, 0x3F801000, 0x3F803000, 0x477FF000};
    TensorSource exact = source("x", List.of(4L), bits);
    SafetensorsWriter.write(
        path,
        Map.of(),
        List.of(
            new TensorSource("x", Dtype.F16, exact.shape(), (TensorSource.Elements) exact.data())));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      float[] back = new float[4];
      file.read(file.tensors().get(0), 0, FloatBuffer.wrap(back));
      assertArrayEquals(
          new float[] {1, 1, 1 + 0x1p-9f, Float.POSITIVE_INFINITY}, back); // to even, both ties
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "I32", "F8_E4M3"})
  void shouldRefuseToWriteOtherTypes(Dtype dtype) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new TensorSource("x", dtype, List.of(1L), (offset, target) -> {}));
    assertTrue(e.getMessage().startsWith("tensor \"x\": " + dtype), e.getMessage());
  }

  @Test
  void shouldCopyAFileOntoItself() throws IOException {
    SafetensorsWriter.write(path, Map.of(), List.of(source("x", List.of(3L), 1, 2, 0x7F800003)));
    byte[] before = Files.readAllBytes(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorInfo x = file.tensor("x").orElseThrow();
      TensorSource same =
          new TensorSource("x", x.shape(), (offset, target) -> file.read(x, offset, target));
      SafetensorsWriter.write(path, Map.of(), List.of(same));
    }
    assertArrayEquals(before, Files.readAllBytes(path));
  }

  @Test
  void shouldWriteNoTensorsAndNoMetadata() throws IOException {
    SafetensorsWriter.write(path, Map.of(), List.of());
    assertEquals("{}      ", new String(Files.readAllBytes(path), 8, 8, StandardCharsets.UTF_8));
  }

  static Stream<Arguments> refusals() {
    TensorSource one = source("x", List.of(1L), 1);
    long half = 1L << 61;
    return Stream.of(
        arguments(List.of(one, one), Map.of(), "tensor \"x\" occurs twice"),
        arguments(List.of(source("x", List.of(-1L))), Map.of(), "must be whole numbers"),
        arguments(List.of(source("x", List.of(-1L, -1L))), Map.of(), "must be whole numbers"),
        arguments(List.of(source("x", List.of(half, 8L))), Map.of(), "larger than 2^63 bits"),
        arguments(List.of(source("x", List.of(half))), Map.of(), "larger than 2^63 bits"),
        arguments(List.of(source("x", Collections.nCopies(65, 1L), 1)), Map.of(), "more than 64"),
        arguments(List.of(source("n".repeat(60_000), List.of(0L))), Map.of(), "not valid JSON"),
        arguments(List.of(source("\ud800", List.of(0L))), Map.of(), "surrogate"),
        arguments(List.of(one), Map.of("\udc00", ""), "surrogate"),
        arguments(List.of(one), Map.of("", "\ud800x"), "not Unicode text"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void shouldRefuseWhatNoReaderWouldTake(
      List<TensorSource> tensors, Map<String, String> metadata, String problem) throws IOException {
    Files.writeString(path, "old");
    SafetensorsException e =
        assertThrows(
            SafetensorsException.class, () -> SafetensorsWriter.write(path, metadata, tensors));
    assertTrue(e.getMessage().contains(problem), e.getMessage());
    assertOnlyOld();
  }

  @Test
  void shouldRefuseTheReservedName() {
    assertThrows(IllegalArgumentException.class, () -> source("__metadata__", List.of()));
  }

  @Test
  void shouldRefuseASourceThatGivesTooLittle() throws IOException {
    Files.writeString(path, "old");
    TensorSource lazy = new TensorSource("lazy", List.of(3L), (offset, target) -> target.put(1f));
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> SafetensorsWriter.write(path, Map.of(), List.of(lazy)));
    assertTrue(e.getMessage().contains("\"lazy\" provided 1 of 3"), e.getMessage());
    assertOnlyOld();
  }

  @Test
  void shouldPassOnWhatASourceThrowsAndKeepTheOldFile() throws IOException {
    Files.writeString(path, "old");
    IOException failure = new IOException("device gone");
    TensorSource late =
        new TensorSource(
            "late",
            List.of(1_000_000L),
            (offset, target) -> {
              if (offset > 0) {
                throw failure;
              }
              target.position(target.limit());
            });
    assertSame(
        failure,
        assertThrows(
            IOException.class, () -> SafetensorsWriter.write(path, Map.of(), List.of(late))));
    assertOnlyOld();
  }

  private void assertOnlyOld() throws IOException {
    assertEquals("old", Files.readString(path));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(1, files.count());
    }
    assertFalse(Files.isSymbolicLink(path));
  }
}

package io.github.lamb4j.internal.safetensors;

import static io.github.lamb4j.internal.safetensors.SafetensorsBytes.entry;
import static io.github.lamb4j.internal.safetensors.SafetensorsBytes.file;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsRefusalTest {

  private static final String OK = entry("F32", "[1]", 0, 4);

  @TempDir Path directory;

  private void assertRefused(byte[] bytes, String problem) throws IOException {
    Path path = Files.write(directory.resolve("bad.safetensors"), bytes);
    assertRefused(path, problem);
  }

  private static void assertRefused(Path path, String problem) {
    String message =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close())
            .getMessage();
    assertTrue(message.contains(problem), message);
    assertTrue(message.contains(path.getFileName().toString()), message);
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
    assertTrue(message.length() < 800, message);
  }

  static Stream<Arguments> lengths() {
    byte[] header = "{}".getBytes();
    return Stream.of(
        arguments(new byte[0], "only 0 bytes long"),
        arguments(new byte[7], "only 7 bytes long"),
        arguments(new byte[8], "does not begin with {"),
        arguments(file(3, header, new byte[0]), "header length 3 bytes: the file has only 10"),
        arguments(file(100_000_000, header, new byte[0]), "is it truncated?"),
        arguments(file(100_000_001, header, new byte[0]), "at most 100000000 are allowed"),
        arguments(file(Long.MAX_VALUE, header, new byte[0]), "at most 100000000 are allowed"),
        arguments(file(-1, header, new byte[0]), "header length 18446744073709551615 bytes"),
        arguments(file(Long.MIN_VALUE, header, new byte[0]), "header length 9223372036854775808"),
        arguments(file(1, header, new byte[0]), "ends within its JSON"),
        arguments("version https://git-lfs.github.com/spec/v1\n".getBytes(), "is this a safe"));
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void shouldRefuseAWrongHeaderLength(byte[] bytes, String problem) throws IOException {
    assertRefused(bytes, problem);
  }

  static Stream<Arguments> encodings() {
    return Stream.of(
        arguments("{\"a\":1}".getBytes(StandardCharsets.UTF_16), "not UTF-8"),
        arguments("{\"a\":1}".getBytes(StandardCharsets.UTF_16LE), "not valid JSON"),
        arguments(new byte[] {'{', '"', (byte) 0xFF, '"', '}'}, "not UTF-8"),
        arguments(new byte[] {'{', '"', (byte) 0xC0, (byte) 0x80, '"', '}'}, "not UTF-8"),
        arguments(
            new byte[] {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', '}'}, "not UTF-8"),
        arguments(new byte[] {'{', '}', ' ', (byte) 0xFF}, "not UTF-8"),
        arguments(new byte[] {'{', '}', (byte) 0xE2}, "not UTF-8"),
        arguments("\uFEFF{}".getBytes(StandardCharsets.UTF_8), "header"));
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void shouldRefuseAHeaderThatIsNotUtf8(byte[] header, String problem) throws IOException {
    assertRefused(file(header, new byte[0]), problem);
  }

  static Stream<Arguments> headers() {
    return Stream.of(
        arguments("", "does not begin with {"),
        arguments("   ", "does not begin with {"),
        arguments(" {}", "does not begin with {"),
        arguments("\n{}", "does not begin with {"),
        arguments("[]", "does not begin with {"),
        arguments("null", "does not begin with {"),
        arguments("\"{}\"", "does not begin with {"),
        arguments("\0\0\0\0", "not valid JSON"),
        arguments("{", "ends within its JSON"),
        arguments("{\"x", "ends within its JSON"),
        arguments("{\"x\":" + OK, "ends within its JSON"),
        arguments("{,}", "not valid JSON"),
        arguments("{x:1}", "not valid JSON"),
        arguments("{'x':1}", "not valid JSON"),
        arguments("{\"x\":" + OK + ",}", "not valid JSON"),
        arguments("{/**/}", "not valid JSON"),
        arguments("{\"a\nb\":1}", "not valid JSON"),
        arguments("{\"\\x\":1}", "not valid JSON"),
        arguments("{} {}", "other than spaces after its JSON"),
        arguments("{}x", "other than spaces after its JSON"),
        arguments("{}\0", "other than spaces after its JSON"),
        arguments("{}\n", "other than spaces after its JSON"),
        arguments("{}" + " ".repeat(20_000) + "}", "other than spaces after its JSON"),
        arguments("{\"\\ud800\":" + OK + "}", "surrogate"),
        arguments("{\"\\udc00\":" + OK + "}", "surrogate"),
        arguments("{\"" + "n".repeat(60_000) + "\":" + OK + "}", "not valid JSON"),
        arguments("{\"x\":".repeat(50_000), "is not a field of the format"),
        arguments("{\"x\":" + "[".repeat(50_000), "must be an object"));
  }

  @ParameterizedTest
  @MethodSource("headers")
  void shouldRefuseAHeaderThatIsNotOneJsonObject(String header, String problem) throws IOException {
    assertRefused(file(header, 4), problem);
  }

  static Stream<Arguments> metadata() {
    return Stream.of(
        arguments("null,\"__metadata__\":null", "occurs twice"),
        arguments("null,\"__metadata__\":{}", "occurs twice"),
        arguments("1", "must be an object"),
        arguments("[]", "must be an object"),
        arguments("\"x\"", "must be an object"),
        arguments("{\"a\":1}", "\"a\" must be a string, not \"1\""),
        arguments("{\"a\":null}", "must be a string"),
        arguments("{\"a\":true}", "must be a string"),
        arguments("{\"a\":{}}", "must be a string"),
        arguments("{\"a\":" + "[".repeat(50_000), "must be a string"),
        arguments("{\"a\":\"1\",\"a\":\"1\"}", "\"a\" occurs twice"),
        arguments("{\"a\":\"1\",\"\\u0061\":\"2\"}", "\"a\" occurs twice"),
        arguments("{\"a\":\"\\udc00\"}", "is not Unicode text"),
        arguments("{},\"__metadata__\":{}", "occurs twice"));
  }

  @ParameterizedTest
  @MethodSource("metadata")
  void shouldRefuseMetadataThatIsNotText(String metadata, String problem) throws IOException {
    assertRefused(file("{\"__metadata__\":" + metadata + "}", 0), problem);
  }

  static Stream<Arguments> entries() {
    String tail = "\"shape\":[1],\"data_offsets\":[0,4]}";
    return Stream.of(
        arguments("1", "must be an object, not \"1\""),
        arguments("null", "must be an object"),
        arguments("[]", "must be an object"),
        arguments("{}", "tensor \"x\" has no \"dtype\""),
        arguments("{" + tail, "has no \"dtype\""),
        arguments("{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", "has no \"shape\""),
        arguments("{\"dtype\":\"F32\",\"shape\":[1]}", "has no \"data_offsets\""),
        arguments("{\"dtype\":\"F32\",\"strides\":[1]," + tail, "not a field of the format"),
        arguments("{\"dtype\":\"F32\",\"dtype\":\"F32\"," + tail, "\"dtype\" occurs twice"),
        arguments("{\"dtype\":\"F32\",\"shape\":[1]," + tail, "\"shape\" occurs twice"),
        arguments(
            "{\"dtype\":\"F32\",\"data_offsets\":[0,4]," + tail, "\"data_offsets\" occurs twice"),
        arguments("{\"dtype\":32," + tail, "\"dtype\" must be a string"),
        arguments("{\"dtype\":null," + tail, "\"dtype\" must be a string"),
        arguments("{\"dtype\":\"f32\"," + tail, "\"dtype\" is unknown: \"f32\""),
        arguments("{\"dtype\":\"\"," + tail, "\"dtype\" is unknown: \"\""),
        arguments("{\"dtype\":\"\\u001b[31m\\n\"," + tail, "unknown: \"\\u001b[31m\\u000a\""),
        arguments("{\"dtype\":\"" + "F".repeat(9999) + "\"," + tail, "(9999 characters)"));
  }

  static Stream<Arguments> numbers() {
    String far = "9223372036854775808";
    return Stream.of(
        arguments("4", "[0,4]", "\"shape\" must be a list of numbers"),
        arguments("null", "[0,4]", "\"shape\" must be a list of numbers"),
        arguments("{}", "[0,4]", "\"shape\" must be a list of numbers"),
        arguments("[\"1\"]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[1.0]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[1e0]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[null]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[[1]]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[-1]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[-0]", "[0,0]", "\"shape\" must be whole numbers"),
        arguments("[01]", "[0,4]", "not valid JSON"),
        arguments("[NaN]", "[0,4]", "not valid JSON"),
        arguments("[" + far + "]", "[0,4]", "\"shape\" must be whole numbers"),
        arguments("[" + "9".repeat(900) + "]", "[0,4]", "(900 characters)"),
        arguments("[" + "9".repeat(90_000) + "]", "[0,4]", "not valid JSON"),
        arguments("[1" + ",1".repeat(64) + "]", "[0,4]", "more than 64 numbers"),
        arguments("[4294967296,4294967296]", "[0,4]", "larger than 2^63 bits"),
        arguments("[4294967296,4294967296,0]", "[0,0]", "larger than 2^63 bits"),
        arguments("[4611686018427387904]", "[0,0]", "larger than 2^63 bits"),
        arguments("[2]", "[0,4]", "4 bytes, but F32 [2] takes 8"),
        arguments("[0]", "[0,4]", "4 bytes, but F32 [0] takes 0"),
        arguments("[]", "[0,0]", "0 bytes, but F32 [] takes 4"),
        arguments("[1]", "[4,0]", "the end is before the beginning"),
        arguments("[2]", "[0,8]", "beyond the 4 bytes of data"),
        arguments("[0]", "[9223372036854775807,9223372036854775807]", "beyond the "),
        arguments("[0]", "[0," + far + "]", "\"data_offsets\" must be whole numbers"),
        arguments("[1]", "[-4,0]", "\"data_offsets\" must be whole numbers"),
        arguments("[1]", "[]", "\"data_offsets\" must be two numbers"),
        arguments("[1]", "[4]", "\"data_offsets\" must be two numbers"),
        arguments("[1]", "[0,4,4]", "\"data_offsets\" has more than 2 numbers"),
        arguments("[1]", "4", "\"data_offsets\" must be a list of numbers"));
  }

  @ParameterizedTest
  @MethodSource("entries")
  void shouldRefuseAnEntryWithWrongFields(String entry, String problem) throws IOException {
    assertRefused(file("{\"x\":" + entry + "}", 4), problem);
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void shouldRefuseWrongNumbers(String shape, String offsets, String problem) throws IOException {
    String entry = "{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":%s}".formatted(shape, offsets);
    assertRefused(file("{\"x\":" + entry + "}", 4), problem);
  }

  @Test
  void shouldRefuseElementsThatDoNotFillBytes() throws IOException {
    assertRefused(file("{\"x\":" + entry("F4", "[3]", 0, 1) + "}", 1), "fill whole bytes");
    assertRefused(file("{\"x\":" + entry("F6_E2M3", "[2]", 0, 1) + "}", 1), "fill whole bytes");
  }

  static Stream<Arguments> layouts() {
    String first = entry("F32", "[2]", 0, 8);
    return Stream.of(
        arguments(
            first,
            first,
            8,
            "\"b\" overlaps its predecessor: it begins at byte 0 of the data, its predecessor"),
        arguments(first, entry("F32", "[2]", 4, 12), 12, "ends at 8"),
        arguments(first, entry("F32", "[1]", 4, 8), 8, "ends at 8"),
        arguments(first, entry("F32", "[0]", 4, 4), 8, "ends at 8"),
        arguments(first, entry("F32", "[1]", 12, 16), 16, "leaves a gap: it begins at byte "),
        arguments(first, entry("F32", "[0]", 9, 9), 9, "leaves a gap: it begins at byte "),
        arguments(
            entry("F32", "[1]", 4, 8), entry("F32", "[0]", 4, 4), 8, "its predecessor ends at 0"),
        arguments(first, entry("F32", "[1]", 8, 12), 13, "1 bytes at the end of the file"));
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldRefuseOverlappingRangesAndHoles(String a, String b, int dataBytes, String problem)
      throws IOException {
    assertRefused(file("{\"a\":" + a + ",\"b\":" + b + "}", dataBytes), problem);
  }

  @Test
  void shouldRefuseDataWithoutTensors() throws IOException {
    assertRefused(file("{}", 1), "do not belong to a tensor");
  }

  @Test
  void shouldRefuseDuplicateNames() throws IOException {
    assertRefused(file("{\"x\":" + OK + ",\"x\":" + OK + "}", 4), "tensor \"x\" occurs twice");
    assertRefused(file("{\"x\":" + OK + ",\"\\u0078\":" + OK + "}", 4), "\"x\" occurs twice");
    String empty = entry("F32", "[0]", 0, 0);
    assertRefused(file("{\"\":" + empty + ",\"\":" + empty + "}", 0), "\"\" occurs twice");
  }

  @Test
  void shouldShowNamesEscapedAndCut() throws IOException {
    assertRefused(file("{\"a\\nb\\u202e\":1}", 0), "tensor \"a\\u000ab\\u202e\" must be");
    assertRefused(file("{\"" + "n".repeat(40_000) + "\":1}", 0), "(40000 characters)");
  }

  @Test
  void shouldRefuseTooManyMetadataEntries() throws IOException {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"\":\"\"");
    for (int i = 0; i < 1_000_000; i++) {
      header.append(",\"").append(i).append("\":\"\"");
    }
    assertRefused(file(header + "}}", 0), "more than 1000000 entries");
  }

  @Test
  void shouldNotReadAHugeHeaderThatIsNotJson() throws IOException {
    Path path = directory.resolve("sparse.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(file(100_000_000, new byte[0], new byte[0]));
      file.setLength(200_000_000);
    }
    long before = allocated();
    assertRefused(path, "not valid JSON");
    assertTrue(allocated() - before < 2_000_000, "bytes allocated: " + (allocated() - before));
  }

  private static long allocated() {
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    return threads.getCurrentThreadAllocatedBytes();
  }

  @Test
  void shouldRefuseWhatIsNoRegularFile() throws IOException {
    assertRefused(directory, "not a regular file");
    assertRefused(directory.resolve("missing"), "no such file");
    assertRefused(directory.resolve("a\nb").resolve("c"), "a\\u000ab");
    Path zero = Path.of("/dev/zero");
    if (Files.exists(zero)) {
      assertRefused(zero, "not a regular file");
    }
  }
}

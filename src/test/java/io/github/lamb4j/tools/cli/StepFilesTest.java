package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.shape;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that {@code lamb step} refuses, before it has changed anything. */
class StepFilesTest {

  @TempDir Path folder;

  private Path params;
  private Path grads;
  private Path state;
  private Path out;

  @BeforeEach
  void makeFiles() throws IOException {
    params = model().write(folder.resolve("p"));
    grads = model().write(folder.resolve("g"));
    state = moments().write(folder.resolve("s"));
    out = folder.resolve("out");
  }

  private static Checkpoint model() {
    return new Checkpoint().f32("w", shape(2, 3), 1, 2, 3, 4, 5, 6).f32("b", shape(3), 1, 2, 3);
  }

  private static Checkpoint moments() {
    return new Checkpoint()
        .metadata("step", "7")
        .f32("exp_avg/w", shape(2, 3), 1, 2, 3, 4, 5, 6)
        .f32("exp_avg_sq/w", shape(2, 3), 1, 2, 3, 4, 5, 6)
        .f32("exp_avg/b", shape(3), 1, 2, 3)
        .f32("exp_avg_sq/b", shape(3), 1, 2, 3);
  }

  private Object[] arguments(Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of("step", "--params", params, "--grads", grads, "--lr=0.1", "--out", out));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  private void assertRefused(String message, Object... more) throws IOException {
    CommandRun.refused(folder, message, arguments(more));
  }

  private void assertStateRefused(String message) throws IOException {
    assertRefused(message, "--state", state);
  }

  @Test
  void shouldAcceptTheseFilesAsTheyAre() {
    CommandRun.done(arguments("--state", state));
  }

  @ParameterizedTest
  @CsvSource({"C64, 8", "F64, 8", "F8_E4M3, 1"})
  void shouldRefuseWeightsOfOtherTypes(String dtype, int bytes) throws IOException {
    model().raw("b", dtype, shape(3), new byte[3 * bytes]).write(params);
    assertRefused(params + ": tensor \"b\" is " + dtype + "; convert it to F32 or F16 or BF16");
  }

  @Test
  @Tag("slow")
  void shouldTakeMoreTensorsThanMetadataOnceHadEntries() throws IOException {
    Checkpoint many = new Checkpoint();
    for (int i = 0; i < 100_100; i++) {
      many.f32("t" + i, shape(0));
    }
    many.f32("w", 1).write(params);
    many.write(grads);
    CommandRun.done(arguments());
    params = out.resolve("params.safetensors");
    CommandRun.done(arguments("--state", out.resolve("state.safetensors")));
  }

  @Test
  void shouldRefuseAModelWithoutTensors() throws IOException {
    new Checkpoint().write(params);
    assertRefused(params + ": has no tensors");
  }

  @Test
  void shouldRefuseATensorWithoutAName() throws IOException {
    model().f32("", 1).write(params);
    model().f32("", 1).write(grads);
    assertRefused(params + ": tensor \"\" has an empty name");
  }

  @Test
  void shouldRefuseAMissingGradient() throws IOException {
    model().without("b").write(grads);
    assertRefused(grads + ": tensor \"b\" is missing");
  }

  @Test
  void shouldRefuseAGradientTooMany() throws IOException {
    model().f32("b.bias", 1).write(grads);
    assertRefused(grads + ": tensor \"b.bias\" is not in the model; remove it");
  }

  @Test
  void shouldRefuseAMisshapenGradient() throws IOException {
    model().f32("w", shape(3, 2), 1, 2, 3, 4, 5, 6).write(grads);
    assertRefused(grads + ": tensor \"w\" has shape [3, 2], but the weights have [2, 3]");
  }

  @Test
  void shouldTellAScalarFromAVectorOfOne() throws IOException {
    model().f32("b", shape(), 1).write(grads);
    model().f32("b", shape(1), 1).write(params);
    assertRefused(grads + ": tensor \"b\" has shape [], but the weights have [1]");
  }

  @ParameterizedTest
  @CsvSource({"I64, 8", "F64, 8", "I32, 4", "U8, 1", "F8_E4M3, 1", "BOOL, 1"})
  void shouldRefuseGradientsOfOtherTypes(String dtype, int bytes) throws IOException {
    model().raw("b", dtype, shape(3), new byte[3 * bytes]).write(grads);
    assertRefused(grads + ": tensor \"b\" is " + dtype + "; convert it to F32 or F16 or BF16");
  }

  @Test
  void shouldCheckTheLastGradientsBeforeTheFirstStep() throws IOException {
    Path bad = model().without("w").write(folder.resolve("bad"));
    assertRefused(bad + ": tensor \"w\" is missing", "--grads", grads, "--grads", bad);
  }

  @Test
  void shouldRefuseAStateWithoutAMoment() throws IOException {
    moments().without("exp_avg_sq/b").write(state);
    assertStateRefused(state + ": tensor \"exp_avg_sq/b\" is missing");
  }

  @Test
  void shouldRefuseAStateWithAMomentTooMany() throws IOException {
    moments().f32("exp_avg/c", 1).write(state);
    assertStateRefused(
        state + ": unexpected tensor \"exp_avg/c\": the optimizer has no such parameter");
  }

  @Test
  void shouldRefuseAMisshapenMoment() throws IOException {
    moments().f32("exp_avg/b", shape(3, 2), 1, 2, 3, 4, 5, 6).write(state);
    assertStateRefused("\"exp_avg/b\" has 6 elements, but parameter \"b\" has 3");
  }

  @Test
  void shouldTakeMomentsOfAnotherShape() throws IOException {
    moments()
        .f32("exp_avg/w", shape(6), 1, 2, 3, 4, 5, 6)
        .f32("exp_avg/b", shape(3, 1), 1, 2, 3)
        .write(state);
    CommandRun.done(arguments("--state", state));
  }

  @ParameterizedTest
  @CsvSource({"BF16, 16256, 16384, 16448", "F16, 15360, 16384, 16896"})
  void shouldReadHalfMomentsExactly(String dtype, short one, short two, short three)
      throws IOException {
    CommandRun.done(arguments("--state", state));
    byte[] expected = Files.readAllBytes(out.resolve("state.safetensors"));
    moments()
        .half("exp_avg/b", dtype, shape(3), one, two, three)
        .half("exp_avg_sq/b", dtype, shape(3), one, two, three)
        .write(state);
    CommandRun.done(arguments("--state", state));
    assertArrayEquals(expected, Files.readAllBytes(out.resolve("state.safetensors")));
  }

  @Test
  void shouldRefuseMomentsThatAreNotFloats() throws IOException {
    moments().raw("exp_avg/b", "F64", shape(3), new byte[24]).write(state);
    assertStateRefused("\"exp_avg/b\" is F64; convert it to F32");
  }

  @Test
  void shouldRefuseASecondMomentThatIsNotANumber() throws IOException {
    moments().f32("exp_avg_sq/b", shape(3), 1, Float.NaN, 3).write(state);
    assertStateRefused("\"exp_avg_sq/b\" holds NaN at element 1, but an average of squares is");
  }

  @Test
  void shouldReadTheLargestStepThatItWrites() throws IOException {
    moments().metadata("step", "999999998").write(state);
    CommandRun.done(arguments("--state", state));
    Path next = out.resolve("state.safetensors");
    assertEquals("999999999", Checkpoint.metadata(next).get("step"));
    params = out.resolve("params.safetensors");
    CommandRun.done(arguments("--state", next));
    assertRefused(
        "\"step\" is \"1000000000\": must be at most 999999999, for 1 more step(s)",
        "--state",
        next);
  }

  @Test
  void shouldRefuseANegativeSecondMoment() throws IOException {
    float[] many = new float[100_000];
    many[99_999] = -1e-30f;
    Checkpoint model = new Checkpoint().f32("w", new float[100_000]);
    model.write(params);
    model.write(grads);
    new Checkpoint()
        .metadata("step", "1")
        .f32("exp_avg/w", many)
        .f32("exp_avg_sq/w", many)
        .write(state);
    assertStateRefused(
        "\"exp_avg_sq/w\" holds -1.0E-30 at element 99999, but an average of squares is never negative or NaN");
  }

  @Test
  void shouldRefuseTheWeightsAsAState() throws IOException {
    state = params;
    assertStateRefused(
        params + ": not a lamb4j optimizer state: metadata key \"format\" is missing");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "",
        " 7",
        "7.0",
        "1e3",
        "seven",
        "NaN",
        "0x7",
        "1000000000",
        "1000000001",
        "\u0667",
        "9223372036854775808",
        "99999999999999999999999999999999",
        "7\u001B[2J\n7"
      })
  void shouldRefuseAStateWhoseStepIsNoCount(String step) throws IOException {
    moments().metadata("step", step).write(state);
    assertStateRefused(state + ": metadata \"step\" is \"");
  }

  @Test
  void shouldRefuseADamagedStateOfItsOwnFormat() throws IOException {
    moments().metadata("format", "lamb4j state").write(state);
    assertStateRefused(state + ": metadata key \"version\" is missing");
  }

  @Test
  void shouldRefuseAStateWithoutAStep() throws IOException {
    Checkpoint moments = new Checkpoint().metadata("format", "pt");
    moments
        .f32("exp_avg/w", shape(2, 3), new float[6])
        .f32("exp_avg_sq/w", shape(2, 3), new float[6]);
    moments.f32("exp_avg/b", new float[3]).f32("exp_avg_sq/b", new float[3]).write(state);
    assertStateRefused(state + ": not a lamb4j optimizer state: metadata key \"format\" is \"pt\"");
  }

  @Test
  void shouldRefuseFilesCutShortAnywhere() throws IOException {
    byte[] whole = moments().bytes();
    for (int length = 0; length < whole.length; length += length < 10 ? 1 : 37) {
      Files.write(state, Arrays.copyOf(whole, length));
      assertStateRefused(state + ": ");
      Files.write(folder.resolve("short"), Arrays.copyOf(whole, length));
      assertRefused("short: ", "--grads", folder.resolve("short"));
    }
  }

  @Test
  void shouldRefuseATensorThatOccursTwice() throws IOException {
    String bytes = new String(model().bytes(), StandardCharsets.ISO_8859_1);
    Files.writeString(grads, bytes.replace("\"b\":", "\"w\":"), StandardCharsets.ISO_8859_1);
    assertRefused(grads + ": tensor \"w\" occurs twice");
  }

  @Test
  void shouldRefuseFilesThatAreNotThere() throws IOException {
    Path missing = folder.resolve("none");
    assertRefused(missing + ": no such file", "--grads", missing);
    assertRefused(missing + ": no such file", "--state", missing);
    assertRefused(folder + ": not a regular file", "--state", folder);
    params = missing;
    assertRefused(missing + ": no such file");
  }

  @Test
  void shouldRefuseAnOutThatIsAFileOrBelowOne() throws IOException {
    out = params;
    assertRefused("--out " + params + ": " + params + " is not a directory");
    out = params.resolve("a/b");
    assertRefused("--out " + out + ": " + params + " is not a directory");
  }

  @Test
  void shouldRefuseAnOutThatCannotBeWrittenTo() throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeFalse(Files.isWritable(locked), "permissions do not bind this user");
    out = locked;
    assertRefused("--out " + out + ": ");
    out = locked.resolve("deeper");
    assertRefused("--out " + out + ": ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"params.safetensors", "state.safetensors", "trust.json"})
  void shouldRefuseResultsThatCannotBeReplacedBeforeAnyIs(String name) throws IOException {
    CommandRun.done(arguments());
    Path target = out.resolve(name);
    Files.delete(target);
    Files.createDirectory(target);
    assertRefused(target + ": is not a regular file; move it away");
    Files.delete(target);
    Files.createSymbolicLink(target, folder.resolve("elsewhere"));
    assertRefused(target + ": is not a regular file; move it away");
  }

  @Test
  void shouldReplaceResultsThatAreThere() throws IOException {
    Files.createDirectories(out);
    List<String> names = List.of("params.safetensors", "state.safetensors", "trust.json");
    for (String name : names) {
      Files.writeString(out.resolve(name), "old");
    }
    Files.writeString(out.resolve("mine.txt"), "mine");
    CommandRun.done(arguments());
    assertEquals(1, TrustJson.read(out.resolve("trust.json")).size());
    assertEquals(2, Checkpoint.values(out.resolve("params.safetensors")).size());
    assertEquals(4, Checkpoint.values(out.resolve("state.safetensors")).size());
    assertEquals("mine", Files.readString(out.resolve("mine.txt")));
    try (var files = Files.list(out)) {
      assertEquals(4, files.count());
    }
  }

  @Test
  void shouldMakeFoldersThatAreMissing() {
    out = folder.resolve("a/b/größe");
    CommandRun.done(arguments());
    assertTrue(Files.exists(out.resolve("trust.json")));
  }

  @Test
  void shouldKeepControlCharactersOffTheTerminal() throws IOException {
    out = folder.resolve("a\u001B[31m\nb");
    CommandRun run = CommandRun.done(arguments());
    assertEquals(2, run.out().lines().count());
    assertTrue(run.out().contains("a\\u001b[31m\\u000ab"), run.out());
    grads = model().f32("\u001B[2J\u202E\n", 1).write(folder.resolve("g\n\u001B"));
    assertRefused("g\\u000a\\u001b: tensor \"\\u001b[2J\\u202e\\u000a\" is not in the model");
  }
}

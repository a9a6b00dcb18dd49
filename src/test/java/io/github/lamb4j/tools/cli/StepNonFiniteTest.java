package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code lamb step} does not pass over numbers that are not finite in silence. */
class StepNonFiniteTest {

  private static final Path CASE = Path.of("src/test/resources/cases/04-nonfinite-results-silent");

  @TempDir Path folder;
  private Path out;

  @BeforeEach
  void nameOut() {
    out = folder.resolve("out");
  }

  private CommandRun step(Path params, Path grads, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("step", "--params", params));
    arguments.addAll(List.of("--grads", grads, "--lr=0.01", "--out", out));
    arguments.addAll(Arrays.asList(more));
    return CommandRun.of(arguments.toArray());
  }

  private static void assertWarning(CommandRun run, String said) {
    assertEquals(0, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().startsWith("lamb step: "), run.err());
    assertTrue(run.err().contains(said), run.err());
  }

  private void assertFailure(CommandRun run, String said) {
    assertEquals(1, run.exitCode(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(said), run.err());
    assertTrue(run.err().contains("; nothing was written (--nonfinite fail)"), run.err());
    assertTrue(Files.notExists(out));
  }

  @ParameterizedTest
  @CsvSource({"nan, NaN, ''", "inf, Infinity, ''", "nan, NaN, --nonfinite=propagate"})
  void shouldNameTheFirstGradientThatIsNotFinite(String name, String value, String option) {
    Path grads = CASE.resolve("grads-" + name + ".safetensors");
    String[] more = option.isEmpty() ? new String[0] : new String[] {option};
    CommandRun run = step(CASE.resolve("params.safetensors"), grads, (Object[]) more);
    assertWarning(
        run, grads + ": the gradient of tensor \"b\" is " + value + " at element 2; results are");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nan", "inf"})
  void shouldNotClaimAClippingThatDidNotHappen(String name) {
    Path grads = CASE.resolve("grads-" + name + ".safetensors");
    CommandRun run = step(CASE.resolve("params.safetensors"), grads, "--max-grad-norm=1");
    assertWarning(run, "tensor \"b\"");
    assertFalse(run.out().contains("clipped"), run.out());
    run =
        step(
            CASE.resolve("params.safetensors"),
            CASE.resolve("params.safetensors"),
            "--max-grad-norm=100");
    assertFalse(run.out().contains("clipped"), run.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--nonfinite=skip", "--nonfinite=SKIP", "--skip-nonfinite"})
  void shouldSkip(String option) throws IOException {
    Path params = CASE.resolve("params.safetensors");
    CommandRun run = step(params, CASE.resolve("grads-nan.safetensors"), option);
    assertEquals("", run.err());
    assertTrue(run.out().contains("skipped "), run.out());
    Map<String, float[]> before = Checkpoint.values(params);
    Checkpoint.values(out.resolve("params.safetensors"))
        .forEach((name, values) -> assertArrayEquals(before.get(name), values));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nan", "inf"})
  void shouldFailAndWriteNothing(String name) {
    Path good = CASE.resolve("params.safetensors");
    Path bad = CASE.resolve("grads-" + name + ".safetensors");
    assertFailure(
        step(good, good, "--grads", bad, "--nonfinite=fail"),
        bad + ": the gradient of tensor \"b\" is ");
  }

  @Test
  void shouldFailForANormThatIsNotFinite() {
    Path good = CASE.resolve("params.safetensors");
    assertFailure(
        step(good, good, "--nonfinite=fail", "--grad-scale=1e-320"),
        good + ": the norm of the gradients is ");
  }

  @Test
  void shouldTakeGoodStepsWhateverThePolicy() throws IOException {
    Path good = CASE.resolve("params.safetensors");
    byte[] first = null;
    for (String policy : List.of("propagate", "skip", "fail")) {
      CommandRun run = step(good, good, "--nonfinite=" + policy);
      assertEquals("", run.err());
      assertEquals(0, run.exitCode());
      byte[] bytes = Files.readAllBytes(out.resolve("params.safetensors"));
      first = first == null ? bytes : first;
      assertArrayEquals(first, bytes);
    }
    assertEquals(
        "FAIL", Checkpoint.metadata(out.resolve("state.safetensors")).get("non_finite_gradients"));
  }

  @Test
  void shouldNameHalfWeightsThatOverflow() {
    Path half = CASE.resolve("half.safetensors");
    Path grads = CASE.resolve("half-grads.safetensors");
    String said =
        grads + ": after this step, the weight of tensor \"w\" at element 0 overflows F16";
    assertWarning(step(half, grads, "--weight-decay=0"), said + ": its master is 655");
    assertWarning(step(half, grads, "--weight-decay=0", "--skip-nonfinite"), said);
    out = folder.resolve("no");
    assertFailure(step(half, grads, "--weight-decay=0", "--nonfinite=fail"), said);
  }

  @Test
  void shouldNameMomentsThatOverflow() throws IOException {
    Path params = new Checkpoint().f32("w", 1, 1).write(folder.resolve("p"));
    Path grads = new Checkpoint().f32("w", 1, 1e30f).write(folder.resolve("g"));
    assertWarning(
        step(params, grads),
        grads + ": after this step, \"exp_avg_sq/w\" is Infinity at element 1");
  }

  @Test
  void shouldNameWeightsThatWereNotFinite() throws IOException {
    Path params = new Checkpoint().f32("w", 1, Float.NaN).write(folder.resolve("p"));
    Path grads = new Checkpoint().f32("w", 1, 1).write(folder.resolve("g"));
    assertWarning(step(params, grads), "the weight of tensor \"w\" at element ");
  }

  @Test
  void shouldRefuseTwoPolicies() {
    Path good = CASE.resolve("params.safetensors");
    CommandRun run = step(good, good, "--skip-nonfinite", "--nonfinite=fail");
    run.assertRefusal();
    assertTrue(
        run.err().contains("--skip-nonfinite and --nonfinite fail contradict each other"),
        run.err());
  }
}

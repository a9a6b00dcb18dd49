package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.BackendChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options that {@code lamb step} refuses, before it has changed anything. */
class StepOptionsTest {

  @TempDir Path folder;

  private Path model;

  @BeforeEach
  void makeModel() throws IOException {
    model = new Checkpoint().f32("w", 1, 2).write(folder.resolve("m"));
  }

  private Object[] arguments(Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of("step", "--params", model, "--grads", model, "--out", folder.resolve("out")));
    arguments.addAll(Arrays.asList(more));
    return arguments.toArray();
  }

  private void assertRefused(String message, Object... more) throws IOException {
    CommandRun.refused(folder, "lamb step: " + message, arguments(more));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--beta1|-0.1|--beta1 -0.1: must be in [0, 1)",
        "--beta1|1|--beta1 1.0: must be in [0, 1)",
        "--beta1|NaN|--beta1 NaN: must be in [0, 1)",
        "--beta2|1.5|--beta2 1.5: must be in [0, 1)",
        "--beta2|Infinity|--beta2 Infinity: must be in [0, 1)",
        "--epsilon|0|--epsilon 0.0: must be from MIN_NORMAL to",
        "--epsilon|-1e-6|--epsilon -1.0E-6: must be from MIN_NORMAL to",
        "--epsilon|NaN|--epsilon NaN: must be from MIN_NORMAL to",
        "--epsilon|Infinity|--epsilon Infinity: must be from MIN_NORMAL to",
        "--epsilon|1e-40|--epsilon 1.0E-40: must be from MIN_NORMAL to",
        "--weight-decay|-1|--weight-decay -1.0: must be from 0 to",
        "--weight-decay|NaN|--weight-decay NaN: must be from 0 to",
        "--weight-decay|Infinity|--weight-decay Infinity: must be from 0 to",
        "--max-grad-norm|0|--max-grad-norm 0.0: must be a finite number above 0",
        "--max-grad-norm|-1|--max-grad-norm -1.0: must be a finite number above 0",
        "--max-grad-norm|NaN|--max-grad-norm NaN: must be a finite number above 0",
        "--max-grad-norm|Infinity|--max-grad-norm Infinity: must be a finite number above 0",
        "--trust-min|-1|--trust-min -1.0: must be a finite number, 0 or more",
        "--trust-min|NaN|--trust-min NaN: must be",
        "--trust-min|Infinity|--trust-min Infinity: must be",
        "--trust-max|NaN|--trust-max NaN: must be a number, 0 or more",
        "--trust-max|-1|--trust-max -1.0: must be a number",
        "--weight-norm-max|-1|--weight-norm-max -1.0: must be at least",
        "--weight-norm-max|NaN|--weight-norm-max NaN: must be at least",
        "--max-grad-norm|some|Invalid value for option '--max-grad-norm': 'some' is neither a number nor",
        "--max-grad-norm|''|Invalid value for option '--max-grad-norm'",
        "--grad-scale|0|--grad-scale 0.0: must be a finite number above 0",
        "--grad-scale|-2|--grad-scale -2.0: must be a finite number above 0",
        "--grad-scale|NaN|--grad-scale NaN: must be a finite number above 0",
        "--grad-scale|Infinity|--grad-scale Infinity: must be a finite number above 0",
        "--bias-correction|both|Invalid value for option '--bias-correction': expected one of [MOMENTS, LR, NONE]",
        "--preset|pytorch|Invalid value for option '--preset': expected one of [paper, apex, apex-nvlamb, ",
        "--preset|apex_nvlamb|Invalid value for option '--preset': expected one of [paper, apex, ",
        "--threads|0|--threads 0: use 1 to 256",
        "--threads|-3|--threads -3: use 1 to 256",
        "--threads|2147483647|--threads 2147483647: use 1 to 256",
        "--threads|2147483648|Invalid value for option '--threads'",
        "--threads|two|Invalid value for option '--threads'",
        "--beta1|0.9x|Invalid value for option '--beta1'",
        "--beta1|''|Invalid value for option '--beta1'",
        "--epsilon|1e-6;|Invalid value for option '--epsilon'",
        "--backend|tpu|Invalid value for option '--backend': expected one of [auto, cuda, cpu]",
        "--no-decay|(|--no-decay (: not a regular expression: Unclosed group",
        "--no-adapt|gr\uFFFD\uFFFDe|--no-adapt gr\uFFFD\uFFFDe: not text in this locale; set LC_ALL",
        "--no-adapt|[a|--no-adapt [a: not a regular expression: Unclosed character class",
        "--state|''|Invalid value for option '--state'",
        "--out|x|option '--out' (DIR) should be specified only once",
        "--frobnicate|1|Unknown options: '--frobnicate', '1'",
      })
  void shouldRefuseWhatIsOutOfRange(String option, String value, String message)
      throws IOException {
    String minNormal = Float.toString(Float.MIN_NORMAL); // Java 19 shortened it
    assertRefused(message.replace("MIN_NORMAL", minNormal), "--lr=0.1", option, value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1|--lr -1.0: must be a finite number, 0 or more",
        "NaN|--lr NaN: must be a finite number, 0 or more",
        "Infinity|--lr Infinity: must be a finite number, 0 or more",
        "-Infinity|--lr -Infinity: must be a finite number, 0 or more",
        "1e999|--lr Infinity: must be a finite number, 0 or more",
        "0.1,0.1|--lr has 2 values for 1 --grads files",
        "0.1,,0.1|Invalid value for option '--lr'",
        "0.1;0.1|Invalid value for option '--lr'",
        "''|Invalid value for option '--lr'",
        ",|Invalid value for option '--lr'",
        "'0.1,'|Invalid value for option '--lr'",
      })
  void shouldRefuseLearningRates(String rates, String message) throws IOException {
    assertRefused(message, "--lr=" + rates);
  }

  @Test
  void shouldRefuseThreeRatesForTwoGradients() throws IOException {
    assertRefused(
        "--lr has 3 values for 2 --grads files: specify one for all, or one for each",
        "--lr=1,2,3",
        "--grads",
        model);
  }

  @Test
  void shouldRefuseALowerLimitAboveTheUpperOne() throws IOException {
    assertRefused(
        "--trust-min 2.0 is above --trust-max 1.0: use a lower --trust-min or a higher --trust-max",
        "--lr=1",
        "--trust-min=2",
        "--trust-max=1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--no-bias-correction --bias-correction=lr"
            + "|--no-bias-correction and --bias-correction lr contradict each other; use only one of them",
        "--bias-correction=moments --no-bias-correction"
            + "|--no-bias-correction and --bias-correction moments contradict each other",
        "--bias-correction=lr --bias-correction=lr"
            + "|option '--bias-correction' (WHERE) should be specified only once",
        "--decoupled-decay --no-decoupled-decay"
            + "|option '--decoupled-decay' should be specified only once",
        "--preset=keras --preset=timm|option '--preset' (NAME) should be specified only once",
        "--lans --preset=keras|--lans and --preset keras select two optimizers; leave one of them out",
        "--preset=paper --lans|--lans and --preset paper select two optimizers; leave one of them out",
        "--preset=adamw --trust-max=1"
            + "|--trust-max 1.0 limits trust ratios, and --preset adamw has none; leave",
        "--preset=adamw --trust-min=1 --weight-norm-max=2|--trust-min 1.0 limits trust ratios, and",
        "--preset=apex --weight-decay=0 --weight-norm-max=3"
            + "|--weight-norm-max 3.0 limits trust ratios, and --preset apex has none",
        "--preset=lambc --trust-min=2"
            + "|--trust-min 2.0 is above --trust-max 1.0 of --preset lambc: use a lower --trust-min",
        "--preset=deepspeed --trust-max=1e-3"
            + "|--trust-min 0.01 of --preset deepspeed is above --trust-max 0.001: use a lower",
        "--preset=keras --decoupled-decay"
            + "|--decoupled-decay: --preset keras has no weight decay; also specify --weight-decay",
      })
  void shouldRefuseWhatContradictsItself(String options, String message) throws IOException {
    List<Object> more = new ArrayList<>(List.of("--lr=1"));
    more.addAll(List.of(options.split(" ")));
    assertRefused(message, more.toArray());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--lans --preset=lans",
        "--lans --max-grad-norm=none",
        "--lans --max-grad-norm=1",
        "--no-adapt=. --trust-max=2",
        "--decoupled-decay --weight-decay=0",
        "--preset=keras --no-decoupled-decay",
        "--preset=adamw --no-adapt=w",
        "--preset=apex --no-decay=. --no-adapt=.",
        "--preset=lambc --trust-min=2 --trust-max=Infinity",
        "--grad-scale=4.9e-324 --skip-nonfinite",
        "--grad-scale=1.7e308",
        "--preset=APEX-nvlamb --bias-correction=Lr"
      })
  void shouldTakeWhatDoesNotContradictItself(String options) {
    List<Object> more = new ArrayList<>(List.of("--lr=0.1"));
    more.addAll(List.of(options.split(" ")));
    CommandRun.done(arguments(more.toArray()));
  }

  @Test
  void shouldRefuseContradictionsBeforeItOpensAnything() {
    CommandRun run =
        CommandRun.of(
            "step", "--params=no", "--grads=no", "--out=no", "--lr=1", "--lans", "--preset=keras");
    run.assertRefusal();
    assertTrue(run.err().contains("--lans and --preset keras"), run.err());
  }

  @Test
  void shouldSayWhichOptionsAreMissing() throws IOException {
    assertRefused("Missing required option: '--lr=LR'");
    assertRefused(
        "Expected parameter for option '--lr' but found '--beta1=0'", "--lr", "--beta1=0");
    CommandRun.refused(
        folder,
        "lamb step: Missing required options: '--params=FILE', '--grads=FILE', '--out=DIR', '--lr=LR'"
            + " (see lamb step --help)",
        "step");
  }

  @Test
  void shouldRefuseArgumentsThatBelongToNoOption() throws IOException {
    assertRefused("Unmatched argument", "--lr=1", "stray\nargument\u001B[2J");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--params", "--grads", "--out"})
  void shouldRefuseAnEmptyPath(String option) throws IOException {
    List<Object> arguments = new ArrayList<>(Arrays.asList(arguments("--lr=1")));
    arguments.set(arguments.indexOf(option) + 1, "");
    CommandRun.refused(folder, "Invalid value for option '" + option + "'", arguments.toArray());
  }

  @Test
  void shouldNotReadArgumentsFromFiles() throws IOException {
    Path file = Files.writeString(folder.resolve("options"), "--lr=0.1");
    assertRefused("Unmatched argument", "--lr=1", "@" + file);
  }

  @Test
  void shouldRefuseExpressionsTooDeepToMatch() throws IOException {
    String name = "a".repeat(40_000);
    model = new Checkpoint().f32(name, 1).write(model);
    assertRefused("--no-decay \"(a|b)*c\": overflows the stack", "--lr=1", "--no-decay=(a|b)*c");
    String nested = "(".repeat(60_000);
    assertRefused("--no-adapt ", "--lr=1", "--no-adapt=" + nested);
  }

  @Test
  void shouldRefuseCudaWhereThereIsNone() throws IOException {
    assumeTrue(BackendChoice.auto().backend().equals("cpu"), "this machine has a GPU");
    assertRefused("no CUDA: ", "--lr=1", "--backend=cuda");
    assertRefused(
        BackendChoice.auto().reason() + "; use --backend cpu for the same bits on the CPU",
        "--lr=1",
        "--backend=cuda");
  }

  @Test
  void shouldTakeTheEdgesOfEveryRange() {
    CommandRun.done(
        arguments(
            "--lr=0",
            "--beta1=0",
            "--beta2=0.9999999999",
            "--epsilon=1.2e-38",
            "--weight-decay=0",
            "--max-grad-norm=1e-300",
            "--trust-min=0",
            "--trust-max=0",
            "--weight-norm-max=0",
            "--threads=256",
            "--backend=cPu"));
  }

  @Test
  void shouldSayHowManyTensorsAnExpressionMatched() {
    CommandRun all = CommandRun.done(arguments("--lr=0.1", "--no-decay", ".", "--no-adapt", "."));
    assertTrue(
        all.out().contains("1 tensor(s) with weight decay 0.0, layer adaptation off"), all.out());
  }

  @Test
  void shouldTakeRatesFromSeveralOptions() {
    CommandRun run = CommandRun.done(arguments("--lr=0.1", "--lr", "0.2", "--grads", model));
    assertTrue(run.out().contains("2 step(s)"), run.out());
  }
}

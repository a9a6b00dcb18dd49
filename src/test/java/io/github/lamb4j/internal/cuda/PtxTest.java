package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * NVIDIA's PTX assembler accepts the committed PTX. JCuda includes the assembler, so the test needs
 * neither a GPU nor the CUDA toolkit.
 */
class PtxTest {

  /** Registers per multiprocessor on sm_70 and every later architecture. */
  private static final int REGISTERS = 65536;

  private static final Pattern KERNEL = Pattern.compile("Compiling entry function '(\\w+)'");
  private static final Pattern REGISTER_COUNT = Pattern.compile("Used (\\d+) registers");
  private static final Pattern MEMORY =
      Pattern.compile("(\\d+) bytes (stack frame|spill stores|spill loads)");

  private static final Path TRAIN = Path.of("kernels/train/train.ptx");

  private static String ptx;

  @BeforeAll
  static void readPtx() {
    assumeTrue(PtxAssembler.isAvailable(), "JCuda has no PTX compiler for this platform");
    ptx = new String(Kernels.ptx(), StandardCharsets.US_ASCII).replace("\0", "");
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90"})
  void shouldAssembleWithoutSpillsAtTheIntendedOccupancy(String architecture) {
    PtxAssembler.Result result = PtxAssembler.assemble(ptx, architecture);
    assertTrue(result.succeeded(), result.log());
    Map<String, Integer> registers = new TreeMap<>();
    String kernel = null;
    for (String line : result.log().lines().toList()) {
      Matcher name = KERNEL.matcher(line);
      if (name.find()) {
        kernel = name.group(1);
      }
      for (Matcher memory = MEMORY.matcher(line); memory.find(); ) {
        assertEquals("0", memory.group(1), kernel + " on " + architecture + ": " + line);
      }
      Matcher count = REGISTER_COUNT.matcher(line);
      if (count.find()) {
        registers.put(kernel, Integer.parseInt(count.group(1)));
      }
    }
    for (LaunchPolicy policy : LaunchPolicy.all()) {
      assertTrue(
          registers.containsKey(policy.kernel()), policy.kernel() + " is missing: " + registers);
      // Registers are allocated to a warp in units of 256.
      int perWarp = (registers.get(policy.kernel()) * 32 + 255) / 256 * 256;
      int warpsPerBlock = (policy.threads() + 31) / 32;
      int resident = REGISTERS / perWarp / warpsPerBlock;
      assertTrue(
          resident >= policy.blocksPerMultiprocessor(),
          "%s on %s: %d registers allow %d blocks, but the policy requires %d"
              .formatted(
                  policy.kernel(),
                  architecture,
                  registers.get(policy.kernel()),
                  resident,
                  policy.blocksPerMultiprocessor()));
    }
    assertEquals(
        LaunchPolicy.all().size(),
        registers.size(),
        "kernels without a launch policy: " + registers);
  }

  @Test
  void shouldRequireNoNewerDriverThanItsInstructionsDo() {
    // PTX 5.0 is the latest version before 6.0 that lacks instructions which the kernels use.
    String older = ptx.replaceFirst("\\.version 6\\.0", ".version 5.0");
    assertFalse(older.equals(ptx), "the committed PTX is not .version 6.0");
    assertFalse(PtxAssembler.assemble(older, "sm_70").succeeded());
    assertTrue(ptx.contains("\n.target sm_70\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_70", "sm_90"})
  void shouldAssembleTheKernelsOfTheTrainingExample(String architecture) throws IOException {
    PtxAssembler.Result result = PtxAssembler.assemble(Files.readString(TRAIN), architecture);
    assertTrue(result.succeeded(), result.log());
    assertEquals(7, KERNEL.matcher(result.log()).results().count(), result.log());
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernels/lamb.ptx", "kernels/train/train.ptx"})
  void shouldUseNoApproximationAndNoFlushToZero(String file) throws IOException {
    String text = Files.readString(Path.of(file));
    Matcher wrong =
        Pattern.compile("^.*\\.(approx|ftz|full)\\b.*$", Pattern.MULTILINE).matcher(text);
    assertFalse(wrong.find(), () -> wrong.group());
    Matcher floatAtomics =
        Pattern.compile("^\\s*(@\\S+\\s+)?(atom|red)\\..*\\.f(16|32|64).*$", Pattern.MULTILINE)
            .matcher(text);
    assertFalse(floatAtomics.find(), () -> floatAtomics.group());
  }

  /** An assembler may contract a mul and an add without a rounding modifier into an fma. */
  @Test
  void shouldNameTheRoundingOfEveryFloatingPointOperation() {
    Pattern plain =
        Pattern.compile(
            "^.*\\b(add|sub|mul|fma|mad)(\\.(ftz|sat))*\\.b?f(16|16x2|32|32x2|64)\\b.*$",
            Pattern.MULTILINE);
    assertTrue(plain.matcher("\t@%p1 add.f32 \t%f1, %f2, %f3;").find());
    assertFalse(plain.matcher("\tadd.rn.f32 \t%f1, %f2, %f3;").find());
    Matcher wrong = plain.matcher(ptx);
    assertFalse(wrong.find(), () -> wrong.group());
  }

  @Test
  void shouldEqualTheResultOfCompilingTheCommittedSource(@TempDir Path folder)
      throws IOException, InterruptedException {
    assumeTrue(nvccVersion().contains("release 13.0"), "nvcc 13.0 is not installed");
    Process build =
        new ProcessBuilder("scripts/build-kernels", folder.toString()).inheritIO().start();
    assertTrue(build.waitFor(3, TimeUnit.MINUTES), "scripts/build-kernels did not end");
    assertEquals(0, build.exitValue());
    for (String file : List.of("lamb.ptx", "train/train.ptx")) {
      assertEquals(
          Files.readString(folder.resolve(file)),
          Files.readString(Path.of("kernels").resolve(file)),
          "run scripts/build-kernels");
    }
  }

  private static String nvccVersion() throws IOException {
    try {
      Process nvcc = new ProcessBuilder("nvcc", "--version").redirectErrorStream(true).start();
      return new String(nvcc.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return "none";
    }
  }
}

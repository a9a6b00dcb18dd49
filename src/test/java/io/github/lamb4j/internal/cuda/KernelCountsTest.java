package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.CacheHint;
import io.github.lamb4j.emulator.LaunchReport;
import io.github.lamb4j.emulator.MemoryModel;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The table of the numerics guide: bytes by array and cache hint, and instructions per element, of
 * each kernel. If a kernel changed, the failure shows the new rows for the guide.
 */
@Tag("kernels")
class KernelCountsTest {

  private static final Path GUIDE = Path.of("src/site/markdown/numerics.md");
  private static final String TITLE = "| Kernel | w | g | m | v | Tables and sums | Instructions |";
  private static final int COUNT = 24 * Tiling.TILE_ELEMENTS;
  private static final List<Purpose> ARRAYS =
      List.of(Purpose.WEIGHTS, Purpose.GRADIENTS, Purpose.FIRST_MOMENTS, Purpose.SECOND_MOMENTS);

  @Test
  void shouldMoveAndExecuteWhatTheGuideSays() throws IOException {
    List<String> actual = new ArrayList<>();
    Hyperparameters lamb = Hyperparameters.lamb(0.1);
    Hyperparameters adamW = Hyperparameters.adamW(0.1);
    Hyperparameters lans = Hyperparameters.lans(0.1);
    actual.addAll(rows(lamb, StepPath.SINGLE_PASS, ReportedNorms.ALL, "single_pass"));
    actual.addAll(rows(adamW, StepPath.AUTO, ReportedNorms.ADAPTED, "unadapted"));
    actual.addAll(rows(adamW, StepPath.AUTO, ReportedNorms.ALL, "unadapted_norms"));
    actual.addAll(rows(lamb, StepPath.TWO_PASS, ReportedNorms.ALL, "moments", "apply"));
    actual.addAll(rows(lans, StepPath.TWO_PASS, ReportedNorms.ALL, "lans_moments", "lans_apply"));
    actual.addAll(rows(lans, StepPath.TWO_PASS, ReportedNorms.ALL, "gradient_norm_tiles"));
    assertEquals(String.join("\n", actual), String.join("\n", documented()));
  }

  private static List<String> documented() throws IOException {
    List<String> lines = Files.readAllLines(GUIDE);
    int first = lines.indexOf(TITLE) + 2;
    int end = first;
    while (lines.get(end).startsWith("|")) end++;
    return lines.subList(first, end);
  }

  /** The rows of some kernels of a step with one parameter of 24 tiles, all within the window. */
  private static List<String> rows(
      Hyperparameters hyperparameters, StepPath path, ReportedNorms norms, String... kernels) {
    try (TestDevice test = TestDevice.open()) {
      // Loads of old values are repeated, which would add instructions.
      test.emulator().memoryModel(MemoryModel.SEQUENTIAL);
      LambBuilder builder = LambBuilders.staged(test.driver()).path(path).reportedNorms(norms);
      float[] weights = new float[COUNT];
      float[] gradients = new float[COUNT];
      weights[0] = gradients[1] = 1;
      builder.group("all", hyperparameters, Parameter.onHost("w", weights, gradients));
      try (Lamb lamb = builder.build()) {
        test.emulator().forgetLaunches();
        lamb.step();
      }
      List<String> rows = new ArrayList<>();
      for (String kernel : kernels) {
        for (LaunchReport launch : test.emulator().launches()) {
          if (launch.kernel().equals(kernel)) rows.add(row(launch));
        }
      }
      return rows;
    }
  }

  private static String row(LaunchReport launch) {
    StringBuilder row = new StringBuilder("| `" + launch.kernel() + "` |");
    long others = launch.bytesLoaded() + launch.bytesStored();
    for (Purpose array : ARRAYS) {
      row.append(cell(launch, array));
      others -= launch.loaded().getOrDefault(array, 0L) + launch.stored().getOrDefault(array, 0L);
    }
    return row.append(" %s | %s |".formatted(perElement(others), perElement(launch.instructions())))
        .toString();
  }

  private static String cell(LaunchReport launch, Purpose array) {
    List<String> parts = new ArrayList<>();
    launch
        .loadedByHint()
        .getOrDefault(array, Map.of())
        .forEach((h, n) -> parts.add(part("ld", h, n)));
    launch
        .storedByHint()
        .getOrDefault(array, Map.of())
        .forEach((h, n) -> parts.add(part("st", h, n)));
    return parts.isEmpty() ? " - |" : " " + String.join(", ", parts) + " |";
  }

  private static String part(String operation, CacheHint hint, long bytes) {
    return "%s%s %s".formatted(operation, hint.suffix, perElement(bytes));
  }

  /** Exact for multiples of 1 / 1000. */
  private static String perElement(long count) {
    String text = String.format(Locale.ROOT, "%.3f", (double) count / COUNT);
    return text.replaceFirst("\\.?0+$", "");
  }
}

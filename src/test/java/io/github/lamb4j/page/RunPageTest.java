package io.github.lamb4j.page;

import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a program's own run. */
class RunPageTest {

  @TempDir private Path folder;

  private final float[] g = {0.6f, 0.8f};

  private Lamb lamb() {
    return Lamb.onCpu()
        .group(
            "weights",
            Hyperparameters.lamb(0.1).withWeightDecay(0),
            Parameter.onHost("<dense>", new float[] {3, 4}, g))
        .group(
            "biases",
            Hyperparameters.adamW(0.2),
            Parameter.onHost("bias", new float[] {2}, new float[] {1}))
        .nonFiniteGradients(NonFiniteGradients.SKIP)
        .threads(1)
        .build();
  }

  @Test
  void shouldShowTheReportsOfARun() throws IOException {
    Path file = folder.resolve("run.html");
    RunPage page = new RunPage("my <model>");
    try (Lamb lamb = lamb()) {
      StepReport report = lamb.newReport();
      for (int step = 1; step <= 3; step++) {
        g[0] = step == 3 ? Float.NaN : 0.6f;
        lamb.step();
        lamb.report(report);
        page.add(report);
      }
    }
    page.write(file);
    String html = Files.readString(file);
    assertTrue(html.contains("<h1>my &lt;model&gt;</h1>"), html);
    assertTrue(html.contains("Reports: 3, of steps 1 to 2."), html);
    assertTrue(html.contains("Skipped steps: 1, because"), html);
    assertTrue(html.contains("<th scope=\"col\">weights</th><th scope=\"col\">biases</th>"), html);
    assertTrue(html.contains("<th scope=\"row\">&lt;dense&gt;</th>"), html);
    assertTrue(html.contains("<th scope=\"row\">1</th><td>1.414</td>"), "gradient norm: " + html);
  }

  @Test
  void shouldBeWritableDuringTheRun() throws IOException {
    Path file = folder.resolve("run.html");
    RunPage page = new RunPage("run");
    try (Lamb lamb = lamb()) {
      StepReport report = lamb.newReport();
      lamb.report(report);
      page.add(report);
      page.write(file);
      assertTrue(Files.readString(file).contains("Reports: 1, of steps 0 to 0."));
      lamb.step();
      lamb.report(report);
      page.add(report);
      page.write(file);
      assertTrue(Files.readString(file).contains("Reports: 2, of steps 0 to 1."));
    }
  }

  @Test
  void shouldRefuseAPageWithoutReports() throws IOException {
    RunPage page = new RunPage("run");
    assertUntimely(
        () -> page.write(folder.resolve("run.html")), "the page has no reports; call add(report)");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void shouldNameAFileThatCannotBeWritten() {
    RunPage page = new RunPage("run");
    try (Lamb lamb = lamb()) {
      StepReport report = lamb.newReport();
      lamb.report(report);
      page.add(report);
    }
    Path file = folder.resolve("missing").resolve("run.html");
    FileSystemException refusal = assertThrows(FileSystemException.class, () -> page.write(file));
    assertTrue(refusal.getMessage().contains(file.toString()), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("does not exist"), refusal.getMessage());
  }
}

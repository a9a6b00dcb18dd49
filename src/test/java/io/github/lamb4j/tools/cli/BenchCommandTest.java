package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.tools.bench.Models;
import io.github.lamb4j.tools.bench.ShapesFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchCommandTest {

  @TempDir Path folder;

  private Path shapes;

  @BeforeEach
  void writeShapes() throws IOException {
    shapes = folder.resolve("shapes.json");
    Files.writeString(
        shapes,
        """
        [{"name": "dense.weight", "shape": [100, 50]},
         {"name": "dense.bias", "shape": [100], "decay": false, "adapt": false}]
        """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model|bert-huge|--model \"bert-huge\": neither a file nor one of bert-large, bert-base,",
        "--model|''|--model \"\": neither a file nor one of",
        "--path|three-pass|\"three-pass\" is not a path; use single-pass, two-pass or auto",
        "--backend|tpu|'tpu'",
        "--repeat|0|--repeat 0: use 1 to 100000",
        "--repeat|many|'many' is not an int",
        "--threads|0|--threads 0: use 1 to 256",
        "--threads|257|--threads 257: use 1 to 256",
        "--json|/no/such/folder/x.json|/no/such/folder/x.json: cannot be written: its directory does not exist",
        "--write-shapes|x.json|--write-shapes: --model is missing; specify the model",
        "--frobnicate|1|--frobnicate",
      })
  void shouldNameWhatIsWrong(String option, String value, String message) throws IOException {
    CommandRun.refused(folder, message, "bench", option, value);
  }

  @Test
  void shouldRefuseAModelThatDoesNotFitTheHeap() throws IOException {
    Path huge = folder.resolve("huge.json");
    Files.writeString(
        huge,
        "[{\"name\": \"w\", \"shape\": [2000000000]}, {\"name\": \"x\", \"shape\": [2000000000]}]");
    CommandRun run = CommandRun.of("bench", "--backend", "cpu", "--model", huge);
    run.assertRefusal();
    assertTrue(
        run.err()
            .matches(
                "lamb bench: huge.json needs 9\\d{10} bytes of Java heap, \\d+ are available: .*\\R"),
        run.err());
  }

  @Test
  void shouldRefuseATensorThatNoArrayHolds() throws IOException {
    Path huge = folder.resolve("huge.json");
    Files.writeString(huge, "[{\"name\": \"w\", \"shape\": [3000000000]}]");
    CommandRun.refused(
        folder,
        "tensor w: 3000000000 elements exceed",
        "bench",
        "--backend",
        "cpu",
        "--model",
        huge);
  }

  @Test
  void shouldRefuseASinglePassOnTheCpu() throws IOException {
    CommandRun run =
        CommandRun.of("bench", "--backend=cpu", "--path=single-pass", "--model=" + shapes);
    assertEquals(2, run.exitCode());
    assertTrue(run.err().contains("the CPU backend always takes two passes"), run.err());
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"false, 28.00, 39.76", "true, 32.00, 43.76"}) // 5,000 of 5,100 elements are adapted
  void shouldTimeATinyModelOnTheCpu(boolean clip, String adamW, String lamb) throws IOException {
    Path json = folder.resolve("bench.json");
    CommandRun run =
        CommandRun.of(
            "bench",
            "--backend=cpu",
            "--model=" + shapes,
            "--repeat=3",
            "--threads=2",
            "--json=" + json,
            clip ? "--clip" : "--path=auto");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().startsWith("lamb bench: shapes.json needs "), run.err());
    assertTrue(run.out().contains("5,100 parameters in 2 tensors"), run.out());
    assertTrue(run.out().contains("3 interleaved repetitions after "), run.out());
    assertTrue(run.out().lines().anyMatch(line -> line.matches("AdamW .* " + adamW + " .*")));
    assertTrue(run.out().lines().anyMatch(line -> line.matches("LAMB .* " + lamb + " .*")));
    String text = Files.readString(json);
    for (String part :
        new String[] {"\"clip\" : " + clip, "\"repetitions\" : 3", "\"commit\"", "\"java\""}) {
      assertTrue(text.contains(part), part + " is not in " + text);
    }
  }

  @Test
  void shouldWriteAModelsTensorsAndTimeNothing() throws IOException {
    Path file = folder.resolve("resnet.json");
    CommandRun run = CommandRun.done("bench", "--model=resnet-50", "--write-shapes=" + file);
    assertEquals("", run.out());
    assertEquals(
        Models.named("resnet-50").orElseThrow().tensors(), ShapesFile.read(file).tensors());
  }

  @Test
  void shouldLeaveNoFileWhenItFails() throws IOException {
    Path json = folder.resolve("bench.json");
    CommandRun.refused(folder, "bert-huge", "bench", "--model", "bert-huge", "--json", json);
    assertFalse(Files.exists(json));
  }
}

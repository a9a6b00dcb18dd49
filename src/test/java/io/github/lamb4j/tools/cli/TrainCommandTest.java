package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class TrainCommandTest {

  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int lamb(String... arguments) {
    return new CommandLine(new TrainCommand())
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--batch-size|0|--batch-size 0: must be at least 1",
        "--batch-size|256,-1|--batch-size -1: must be at least 1",
        "--batch-size|many|'many' is not an int",
        "--optimizer|sgd|'sgd' is not an optimizer; use lamb or adamw",
        "--epochs|0|--epochs 0: must be at least 1",
        "--threads|0|--threads 0: must be from 1 to 256",
        "--max-examples|5|--max-examples 5: must be at least 1000",
        "--lamb-lr|0|--lamb-lr 0.0: must be above 0",
        "--adamw-lr|NaN|--adamw-lr NaN: must be above 0",
        "--seed|x|'x' is not a long",
        "--json|/no/such/folder/x.json|--json /no/such/folder/x.json: the folder does not exist; create it",
        "--json|/|--json /: is not a regular file; name another",
        "--frobnicate|1|--frobnicate",
      })
  void shouldNameWhatIsWrong(String option, String value, String message) {
    assertEquals(2, lamb(option, value));
    assertTrue(err.toString().contains(message), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void shouldRefuseABatchLargerThanTheTrainingSet() {
    assertEquals(2, lamb("--batch-size", "1000", "--max-examples", "1000"));
    assertTrue(err.toString().startsWith("--batch-size 1000: there are only "), err.toString());
  }

  @Test
  void shouldRefuseASymbolicLinkBeforeItTrains() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("x.json"));
    assertEquals(2, lamb("--json", link.toString()));
    assertTrue(err.toString().contains("is a symbolic link; name the file itself"));
  }

  @Tag("slow")
  @Test
  void shouldTrainAndWriteTheSameNumbersForAnyThreads() throws IOException {
    Path one = folder.resolve("one.json");
    Path two = folder.resolve("two.json");
    Files.writeString(two, "what was there before");
    for (Path json : new Path[] {one, two}) {
      String threads = json == one ? "1" : "2";
      assertEquals(
          0,
          lamb(
              "--batch-size=100,300",
              "--max-examples=1000",
              "--epochs=2",
              "--threads=" + threads,
              "--json=" + json));
    }
    assertEquals(numbers(one), numbers(two));
    assertTrue(numbers(one).contains("\"held_out_accuracy\""));
    assertEquals(2 * 4 * 2, err.toString().lines().count(), err.toString());
    assertTrue(err.toString().startsWith("LAMB, batch 100, epoch 1: train loss "));
    assertTrue(out.toString().contains("macro-F1  seconds"));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(2, files.count());
    }
  }

  private static String numbers(Path json) throws IOException {
    return Files.readString(json).split("\"machine\"")[0];
  }

  @Test
  void shouldKeepTheOtherResultsWhenOneRunDiverges() throws IOException {
    Path json = folder.resolve("x.json");
    assertEquals(
        1,
        lamb(
            "--batch-size=100,200",
            "--max-examples=1000",
            "--epochs=1",
            "--optimizer=adamw,lamb",
            "--adamw-lr=1e30",
            "--json=" + json));
    for (int batchSize : new int[] {100, 200}) {
      String said =
          "lamb train: AdamW diverged at batch size %d with learning rate 1.0E30: use a lower --adamw-lr"
              .formatted(batchSize);
      assertTrue(err.toString().lines().anyMatch(said::equals), err.toString());
    }
    assertEquals(2, out.toString().lines().filter(l -> l.matches("AdamW .* diverged .*")).count());
    assertEquals(2, out.toString().lines().filter(l -> l.matches("LAMB .*0\\.\\d+.*")).count());
    String written = Files.readString(json);
    assertEquals(3, written.split("\"diverged\" : true", -1).length);
    assertEquals(3, written.split("\"diverged\" : false", -1).length);
  }
}

package io.github.lamb4j.internal.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.github.lamb4j.internal.files.Printable;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the index of a model in several files, {@code model.safetensors.index.json}: a JSON object
 * whose {@code weight_map} gives the file of each tensor. Other entries are ignored.
 */
final class IndexReader {

  private static final String WEIGHT_MAP = "weight_map";

  private final Path index;
  private final JsonParser json;
  private Map<String, String> files;

  private IndexReader(Path index, JsonParser json) {
    this.index = index;
    this.json = json;
  }

  /**
   * The name of each tensor's file.
   *
   * @throws SafetensorsException if the index is damaged, or names a file outside of its folder
   */
  static Map<String, String> read(Path index) throws IOException {
    if (!Files.isRegularFile(index)) {
      throw new SafetensorsException(
          index, Files.exists(index) ? "not a regular file" : "no such file");
    }
    if (Files.size(index) > HeaderReader.MAX_BYTES) {
      throw new SafetensorsException(
          index,
          "%d bytes long, at most %d are allowed; is this an index?"
              .formatted(Files.size(index), HeaderReader.MAX_BYTES));
    }
    JsonFactory factory =
        JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();
    try (InputStream bytes = Files.newInputStream(index);
        JsonParser json = factory.createParser(bytes)) {
      return new IndexReader(index, json).read();
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(
          index, "not valid JSON: " + Printable.value(e.getOriginalMessage()), e);
    } catch (CharConversionException e) {
      throw new SafetensorsException(index, "not UTF-8 text", e);
    }
  }

  private Map<String, String> read() throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw refused("not a JSON object; is this an index?");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      boolean map = json.currentName().equals(WEIGHT_MAP);
      json.nextToken();
      if (!map) {
        json.skipChildren();
      } else if (files != null) {
        throw refused("\"weight_map\" occurs twice");
      } else {
        readMap();
      }
    }
    if (json.nextToken() != null) {
      throw refused("something follows its JSON object; remove it");
    }
    if (files == null || files.isEmpty()) {
      throw refused("\"weight_map\" is missing or empty; is this an index?");
    }
    return files;
  }

  private void readMap() throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw refused("\"weight_map\" is not an object");
    }
    files = new LinkedHashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String tensor = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw refused("the file of tensor %s is not a string".formatted(Printable.value(tensor)));
      }
      requireInFolder(json.getText());
      if (files.size() == HeaderReader.MAX_TENSORS) {
        throw refused("more than " + HeaderReader.MAX_TENSORS + " tensors; split the model");
      }
      if (files.put(tensor, json.getText()) != null) {
        throw refused("tensor %s occurs twice".formatted(Printable.value(tensor)));
      }
    }
  }

  /** An index from elsewhere must not make the program read other files. */
  private void requireInFolder(String name) throws SafetensorsException {
    try {
      Path path = Path.of(name);
      boolean plain =
          !path.isAbsolute() && path.getNameCount() == 1 && name.equals("" + path.getFileName());
      if (plain && !name.isEmpty() && !name.equals("..") && !name.equals(".")) {
        return;
      }
    } catch (InvalidPathException e) {
      // Refused below.
    }
    throw refused(
        "%s is not a file name in the folder of the index; correct it"
            .formatted(Printable.value(name)));
  }

  private SafetensorsException refused(String problem) {
    return new SafetensorsException(index, problem);
  }
}

package io.github.lamb4j.tools.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.github.lamb4j.internal.files.Printable;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tensors of a model as JSON: an array of objects {@code {"name": "dense.weight", "shape":
 * [1024, 4096], "decay": true, "adapt": true}}. By default, decay and adapt are true.
 */
public final class ShapesFile {

  private static final int MAX_TENSORS = 1_000_000;

  /** Small enough that byte counts do not overflow. */
  private static final long MAX_PARAMETERS = 1_000_000_000_000_000L;

  private final Path path;
  private final JsonParser json;
  private final List<TensorShape> tensors = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  private ShapesFile(Path path, JsonParser json) {
    this.path = path;
    this.json = json;
  }

  /**
   * Reads a model.
   *
   * @throws IllegalArgumentException if the file has other contents; the message names the file
   */
  public static ModelShapes read(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path);
        JsonParser json = new JsonFactory().createParser(in)) {
      return new ShapesFile(path, json).model();
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          Printable.path(path) + ": not valid JSON: " + Printable.value(e.getOriginalMessage()), e);
    } catch (CharConversionException e) {
      throw new IllegalArgumentException(Printable.path(path) + ": not UTF-8 text", e);
    }
  }

  /** Writes the tensors of a model, one per line. Leaves the stream open. */
  public static void write(ModelShapes model, OutputStream stream) throws IOException {
    try (JsonGenerator json =
        new JsonFactory()
            .createGenerator(stream)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
      json.writeStartArray();
      for (TensorShape tensor : model.tensors()) {
        json.writeRaw('\n');
        json.writeStartObject();
        json.writeStringField("name", tensor.name());
        json.writeArrayFieldStart("shape");
        for (long dimension : tensor.shape()) {
          json.writeNumber(dimension);
        }
        json.writeEndArray();
        json.writeBooleanField("decay", tensor.decay());
        json.writeBooleanField("adapt", tensor.adapt());
        json.writeEndObject();
      }
      json.writeRaw('\n');
      json.writeEndArray();
      json.writeRaw('\n');
    }
  }

  private ModelShapes model() throws IOException {
    require(json.nextToken() == JsonToken.START_ARRAY, "is not a JSON array of tensors");
    while (json.nextToken() == JsonToken.START_OBJECT) {
      require(tensors.size() < MAX_TENSORS, "has more than " + MAX_TENSORS + " tensors");
      tensors.add(tensor());
    }
    require(json.currentToken() == JsonToken.END_ARRAY, at() + "is not an object");
    require(json.nextToken() == null, "has trailing content after the array");
    require(!tensors.isEmpty(), "has no tensors; give at least one");
    ModelShapes model =
        new ModelShapes(Printable.path(path.getFileName()), Printable.path(path), tensors);
    require(isCountable(model), "has more than " + MAX_PARAMETERS + " elements");
    return model;
  }

  private static boolean isCountable(ModelShapes model) {
    try {
      return model.parameters() <= MAX_PARAMETERS;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  private TensorShape tensor() throws IOException {
    String name = null;
    List<Long> shape = null;
    boolean decay = true;
    boolean adapt = true;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "name" -> name = name();
        case "shape" -> shape = shape();
        case "decay" -> decay = flag(field);
        case "adapt" -> adapt = flag(field);
        default ->
            throw refused(
                at()
                    + "has an unknown field "
                    + Printable.value(field)
                    + "; use name, shape, decay and adapt");
      }
    }
    require(name != null, at() + "has no name");
    require(shape != null, at() + "has no shape");
    return new TensorShape(name, shape, decay, adapt);
  }

  private String name() throws IOException {
    require(
        json.currentToken() == JsonToken.VALUE_STRING, at() + "has a name that is not a string");
    String name = json.getText();
    require(!name.isEmpty(), at() + "has an empty name");
    require(names.add(name), at() + "has a duplicate name: " + Printable.value(name));
    return name;
  }

  private List<Long> shape() throws IOException {
    String what = at() + "has a shape that is not an array of positive integers";
    require(json.currentToken() == JsonToken.START_ARRAY, what);
    List<Long> shape = new ArrayList<>();
    while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
      require(json.getNumberType() != JsonParser.NumberType.BIG_INTEGER, what);
      require(json.getLongValue() >= 1, what);
      shape.add(json.getLongValue());
    }
    require(json.currentToken() == JsonToken.END_ARRAY, what);
    return shape;
  }

  private boolean flag(String field) throws IOException {
    require(json.currentToken().isBoolean(), at() + "has a " + field + " that is not a boolean");
    return json.getBooleanValue();
  }

  private String at() {
    return "tensor " + (tensors.size() + 1) + " ";
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw refused(otherwise);
    }
  }

  private IllegalArgumentException refused(String problem) {
    return new IllegalArgumentException(Printable.path(path) + ": " + problem);
  }
}

// Pictify's webhooks for Spring Boot 3 or newer, Java 17 or newer. It is called PictifyWebhookController.java.
//
// With Spring Security it needs no login and no CSRF token, because it is signed instead:
//
//   http.csrf(csrf -> csrf.ignoringRequestMatchers("/webhooks/pictify"))
//       .authorizeHttpRequests(requests -> requests.requestMatchers("/webhooks/pictify").permitAll() ...

package com.example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.json.JsonParseException;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class PictifyWebhookController {
    private static final Logger log = LoggerFactory.getLogger(PictifyWebhookController.class);
    private static final Pattern ELEMENT = Pattern.compile("([!-<>-~]+)=([!-<>-~]*)");

    private final byte[] secret;
    private final ExecutorService pool = Executors.newFixedThreadPool(4);
    // Ids of deliveries that were taken, because Pictify may send one twice. In production this is a
    // table with a unique key: it outlives a restart, and all processes share it.
    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    Clock clock = Clock.systemUTC(); // tests set another

    public PictifyWebhookController(@Value("${PICTIFY_WEBHOOK_SECRET:}") String secret) {
        if (secret.isEmpty()) {
            throw new IllegalStateException("PICTIFY_WEBHOOK_SECRET is not set");
        }
        this.secret = secret.getBytes(UTF_8);
    }

    // The body as byte[], not as an object or a String: the raw bytes are signed.
    @PostMapping("/webhooks/pictify")
    public ResponseEntity<String> receive(
            @RequestHeader(name = "X-Pictify-Signature", defaultValue = "") String signature,
            @RequestHeader(name = "X-Pictify-Delivery-Id", defaultValue = "") String id,
            @RequestBody(required = false) byte[] raw) throws GeneralSecurityException {
        byte[] body = raw == null ? new byte[0] : raw;
        if (!verify(signature, body)) {
            return ResponseEntity.status(401).body("invalid signature");
        }
        Map<String, Object> event;
        try {
            event = JsonParserFactory.getJsonParser().parseMap(new String(body, UTF_8));
        } catch (JsonParseException e) {
            return ResponseEntity.status(400).body("not an event");
        }
        if (!(event.get("event") instanceof String name)) {
            return ResponseEntity.status(400).body("not an event");
        }

        // Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done when
        // the process ends is lost, so in production put the event into a queue or a table, then answer.
        if (id.isEmpty() || seen.add(id)) {
            pool.execute(() -> handle(name, event.get("data")));
        }
        return ResponseEntity.ok("ok");
    }

    // The signature is over "t.", then the bytes of the body as they came.
    private boolean verify(String header, byte[] body) throws GeneralSecurityException {
        List<String> t = new ArrayList<>();
        List<String> v1 = new ArrayList<>(); // several while a secret is replaced
        for (String part : header.split(",", -1)) {
            Matcher m = ELEMENT.matcher(part);
            if (!m.matches()) {
                return false;
            }
            switch (m.group(1)) {
                case "t" -> t.add(m.group(2));
                case "v1" -> v1.add(m.group(2));
                default -> { }
            }
        }
        if (t.size() != 1 || !t.get(0).matches("[1-9][0-9]{0,14}")) {
            return false;
        }
        if (Math.abs(clock.instant().getEpochSecond() - Long.parseLong(t.get(0))) > 300) {
            return false;
        }
        if (v1.size() > 8 || !v1.stream().allMatch(mac -> mac.matches("[0-9a-fA-F]{64}"))) {
            return false;
        }
        Mac hmac = Mac.getInstance("HmacSHA256");
        hmac.init(new SecretKeySpec(secret, "HmacSHA256"));
        hmac.update((t.get(0) + ".").getBytes(UTF_8));
        byte[] want = hmac.doFinal(body);
        return v1.stream().anyMatch(mac -> MessageDigest.isEqual(HexFormat.of().parseHex(mac), want));
    }

    private void handle(String event, Object data) {
        Map<?, ?> fields = data instanceof Map<?, ?> map ? map : Map.of();
        switch (event) {
            case "render.completed" -> log.info("{} {} {}", event, fields.get("imageId"), fields.get("url"));
            case "render.failed" -> log.info("{} {} {}", event, fields.get("errorCode"), fields.get("error"));
            case "batch.completed" -> log.info("{} {} {}", event, fields.get("batchId"), fields.get("status"));
            default -> { } // binding.updated, binding.failed, and what Pictify may add: it has its 200
        }
    }
}

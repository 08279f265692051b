#version 330
// Put the mouse, its shadow and its mirror image into what the camera sees; one window of it.
#include "lights.glsl"
#include "shadow.glsl"
uniform sampler2D lens, behind, before, mouse, mirrored, contact;
uniform ivec2 window;                    // first pixel of the window
uniform vec4 mouse_frame, mirror_frame;  // ideal coordinates: first corner, size
uniform vec2 mouse_part, mirror_part;    // share of the layer that is drawn on
uniform vec4 contact_frame;              // floor: first corner, size, cm
uniform mat3 rotation;
uniform vec3 eye;
layout(location = 0) out vec4 pixel;     // colour; share that the mouse covers

vec4 fetch(sampler2D layer, vec2 uv, vec2 part) {
    vec2 inside = step(vec2(0.0), uv) * step(uv, vec2(1.0));
    return texture(layer, uv * part) * inside.x * inside.y;
}

// The layer, averaged over a pixel of these sides.
vec4 sample_layer(sampler2D layer, vec2 ideal, vec2 right, vec2 below, vec4 frame, vec2 part) {
    vec2 uv = (ideal - frame.xy) / frame.zw;
    vec2 one = 0.25 * (right + below) / frame.zw, two = 0.25 * (right - below) / frame.zw;
    return 0.25 * (fetch(layer, uv + one, part) + fetch(layer, uv - one, part)
                 + fetch(layer, uv + two, part) + fetch(layer, uv - two, part));
}

void main() {
    ivec2 at = window + ivec2(gl_FragCoord.xy);
    vec2 ideal = texelFetch(lens, at, 0).xy, right = dFdx(ideal), below = dFdy(ideal);
    vec4 back = texelFetch(behind, at, 0), front = texelFetch(before, at, 0);
    vec3 color = back.rgb;
    if (back.a > 0.0) {
        vec3 d = rotation * vec3(ideal, 1.0);
        vec3 place = eye + d * (-eye.z / d.z);
        float open = 1.0 - texture(contact, (place.xy - contact_frame.xy) / contact_frame.zw).r;
        vec2 jitter = fract(52.98 * fract(vec2(dot(at, vec2(0.0671, 0.00584)), dot(at, vec2(0.00584, 0.0671))))) - 0.5;
        float shadow = measure_shadow(place, 0.001, jitter);
        vec3 key_part = 0.55 * max(key.z, 0.0) * key_color, fill_part = 0.55 * max(fill.z, 0.0) * fill_color;
        vec3 left = 0.85 * sky * open + key_part * shadow * mix(1.0, open, 0.5) + fill_part * mix(1.0, open, 0.7);
        color *= left / light_floor();
        vec4 image = sample_layer(mirrored, ideal, 2.5 * right, 2.5 * below, mirror_frame, mirror_part);
        float share = clamp(2.0 * (back.a - 0.001), 0.0, 0.8);
        color = color * (1.0 - share * image.a) + image.rgb * share;
    }
    vec4 body = sample_layer(mouse, ideal, right, below, mouse_frame, mouse_part);
    color = color * (1.0 - body.a) + body.rgb;  // the layer is multiplied by its coverage
    pixel = vec4(color * front.a + front.rgb, front.a > 0.3 ? body.a : 0.0);
}

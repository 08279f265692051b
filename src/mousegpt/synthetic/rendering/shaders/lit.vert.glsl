#version 330
// Light every vertex once per view: colours at the root and at the tip of its hair.
#include "lights.glsl"
#include "shadow.glsl"
in vec3 position, normal, groom;
in vec3 root, tip;
in vec3 share;  // fur, ear, eye
uniform vec3 eye;
uniform float sheen, fur_length;
out vec3 lit_root, lit_tip;

float gleam(vec3 strand, vec3 to_light, vec3 to_eye, float power) {  // Kajiya and Kay
    float tl = dot(strand, to_light), te = dot(strand, to_eye);
    float cosine = sqrt(max(1.0 - tl * tl, 0.0)) * sqrt(max(1.0 - te * te, 0.0)) - tl * te;
    return pow(clamp(cosine, 0.0, 1.0), power);
}

void main() {
    float furry = smoothstep(0.02, 0.3, share.x);
    vec3 n = normalize(normal), to_eye = normalize(eye - position);
    vec3 strand = normalize(groom * 0.8 + n * 0.45);
    float shadow = measure_shadow(position + n * (0.12 + fur_length * share.x), 0.002, vec2(0.0));
    // a floor below darkens what faces it and is near to it
    float open = clamp(0.35 + 0.65 * smoothstep(0.0, 1.6, position.z + 0.6 * max(n.z, 0.0)), 0.0, 1.0);
    vec3 around = mix(bounce, sky, 0.5 + 0.5 * n.z) * open;
    float rim = pow(1.0 - clamp(dot(n, to_eye), 0.0, 1.0), 3.0);
    vec3 diffuse = around;
    vec3 gloss = around * rim * mix(0.02, 0.10 * sheen, furry);
    for (int i = 0; i < 2; i++) {
        vec3 light = i == 0 ? key : fill;
        vec3 color = i == 0 ? key_color * shadow : fill_color;
        float facing = dot(n, light);
        float wrapped = clamp((facing + 0.35) / 1.35, 0.0, 1.0);
        float across = sqrt(max(1.0 - pow(dot(strand, light), 2.0), 0.0));
        diffuse += color * mix(0.8 * max(facing, 0.0) + 0.2 * wrapped, wrapped * (0.35 + 0.65 * across), furry);
        vec3 halfway = normalize(light + to_eye);
        float skin_gloss = 0.05 * pow(max(dot(n, halfway), 0.0), 20.0);
        float gleams = 0.5 * gleam(strand, light, to_eye, 14.0) + 0.4 * gleam(strand, light, to_eye, 50.0);
        float hair_gloss = sheen * wrapped * gleams;
        gloss += color * mix(vec3(skin_gloss), vec3(0.9, 0.95, 1.0) * hair_gloss, furry);
        gloss += color * vec3(0.10, 0.055, 0.045) * max(-facing, 0.0) * share.y;  // light through the ear
    }
    lit_root = root * diffuse * mix(1.0, 0.75, furry) + gloss * mix(1.0, 0.25, furry);
    lit_tip = tip * diffuse + gloss;
    if (share.z > 0.5) {  // a wet eye mirrors the lamps
        float glint = 1.2 * pow(max(dot(n, normalize(key + to_eye)), 0.0), 60.0) * shadow
                    + 0.4 * pow(max(dot(n, normalize(fill + to_eye)), 0.0), 60.0);
        lit_root = root * diffuse + glint * key_color + around * (0.03 + 0.25 * rim) * smoothstep(-0.3, 0.7, n.z);
        lit_tip = lit_root;
    }
}
